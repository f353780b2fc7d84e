import type { KeyStore } from '../../src/domain/privacy/key-store.ts'
import { uuidV7 } from '../../src/kernel/ids.ts'
import { randomness } from '../clock-and-randomness.ts'

/** A key store as several processes see it. */
export interface SharedKeyStore {
  readonly store: KeyStore
  /** The same keys opened once more, as by another process or after a restart. */
  again(): Promise<KeyStore>
}

export const newSubject = () => uuidV7(Date.UTC(2026, 0, 1), randomness)

/** What every KeyStore promises. */
export function keyStoreContract(name: string, open: () => Promise<SharedKeyStore>): void {
  describe(`${name} as a key store`, () => {
    let shared: SharedKeyStore
    let store: KeyStore
    beforeEach(async () => {
      shared = await open()
      store = shared.store
    })

    test('gives each subject a data key and a reference of its own', async () => {
      const subjects = Array.from({ length: 50 }, newSubject)
      await store.create(subjects)
      const keys = subjects.map((subject) => Buffer.from(store.dataKeyOf(subject) ?? []))
      expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(50)
      expect(keys.every((key) => key.length === 32)).toBe(true)
      const refs = subjects.map((subject) => store.auditRefOf(subject))
      expect(new Set(refs).size).toBe(50)
      expect(refs.every((ref) => ref !== null && /^[A-Za-z0-9_-]{22}$/.test(ref))).toBe(true)
    })

    test('knows no keys of subjects that it never made any for', () => {
      const stranger = newSubject()
      expect(store.dataKeyOf(stranger)).toBeNull()
      expect(store.auditRefOf(stranger)).toBeNull()
    })

    test('leaves existing keys as they are', async () => {
      const [one, two] = [newSubject(), newSubject()]
      await store.create([one])
      const [key, ref] = [store.dataKeyOf(one), store.auditRefOf(one)]
      await store.create([two, one, two])
      expect(store.dataKeyOf(one)).toEqual(key)
      expect(store.auditRefOf(one)).toBe(ref)
      expect(store.dataKeyOf(two)).not.toBeNull()
    })

    test('has made keys durable when create resolves', async () => {
      const subject = newSubject()
      await store.create([subject])
      const restarted = await shared.again()
      expect(restarted.dataKeyOf(subject)).toEqual(store.dataKeyOf(subject))
      expect(restarted.auditRefOf(subject)).toBe(store.auditRefOf(subject))
    })

    test('finds keys that another process added, once refreshed', async () => {
      const other = await shared.again()
      const subject = newSubject()
      await other.create([subject])
      await store.refresh()
      expect(store.dataKeyOf(subject)).toEqual(other.dataKeyOf(subject))
    })

    test('gives one subject one key though two processes create it at once', async () => {
      const other = await shared.again()
      const subjects = Array.from({ length: 20 }, newSubject)
      await Promise.all([
        ...subjects.map((subject) => store.create([subject])),
        ...subjects.map((subject) => other.create([subject])),
      ])
      await store.refresh()
      await other.refresh()
      for (const subject of subjects) {
        expect(store.dataKeyOf(subject)).not.toBeNull()
        expect(store.dataKeyOf(subject)).toEqual(other.dataKeyOf(subject))
      }
    })

    test('has forgotten keys when destroy resolves, and keeps the others', async () => {
      const [gone, kept] = [newSubject(), newSubject()]
      await store.create([gone, kept])
      const key = store.dataKeyOf(kept)
      store.auditRefOf(gone)
      await store.destroy([gone])
      expect(store.dataKeyOf(gone)).toBeNull()
      expect(store.auditRefOf(gone)).toBeNull()
      expect(store.dataKeyOf(kept)).toEqual(key)
      const restarted = await shared.again()
      expect(restarted.dataKeyOf(gone)).toBeNull()
      expect(restarted.dataKeyOf(kept)).toEqual(key)
    })

    test('never gives a destroyed subject its old keys back', async () => {
      const subject = newSubject()
      await store.create([subject])
      const [key, ref] = [store.dataKeyOf(subject), store.auditRefOf(subject)]
      await store.destroy([subject])
      await store.create([subject])
      expect(store.dataKeyOf(subject)).not.toEqual(key)
      expect(store.auditRefOf(subject)).not.toBe(ref)
    })

    test('loses no key to a destruction that runs beside a creation', async () => {
      const other = await shared.again()
      const [doomed, born] = [
        Array.from({ length: 10 }, newSubject),
        Array.from({ length: 10 }, newSubject),
      ]
      await store.create(doomed)
      await Promise.all([
        ...doomed.map((subject) => store.destroy([subject])),
        ...born.map((subject) => other.create([subject])),
      ])
      const restarted = await shared.again()
      expect(born.every((subject) => restarted.dataKeyOf(subject) !== null)).toBe(true)
      expect(doomed.every((subject) => restarted.dataKeyOf(subject) === null)).toBe(true)
    })

    test('has a lasting key of 32 bytes for each use', async () => {
      const key = store.installationKey('blind-index')
      expect(key).toHaveLength(32)
      expect(store.installationKey('cursor')).not.toEqual(key)
      expect((await shared.again()).installationKey('blind-index')).toEqual(key)
    })
  })
}
