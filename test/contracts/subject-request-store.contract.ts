import { randomBytes, randomUUID } from 'node:crypto'
import type {
  HeldRequest,
  SubjectRequestFilter,
} from '../../src/domain/profiles/subject-request-store.ts'
import { DAY, HOUR } from '../../src/kernel/time.ts'
import { PostgresSubjectRequestStore } from '../../src/outbound/postgres/subject-request-store.ts'
import type { FreshDatabase } from './fresh-database.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')

function request(more: Partial<HeldRequest> = {}): HeldRequest {
  return {
    id: randomUUID(),
    version: 0,
    subject: null,
    type: 'access',
    status: 'pending',
    regulation: 'ccpa',
    clientId: 'shop',
    clientRequestId: null,
    submittedAt: NOW - HOUR,
    receivedAt: NOW,
    dueAt: NOW + 31 * DAY,
    extension: null,
    settledAt: null,
    identities: null,
    callbacks: null,
    ...more,
  }
}

export function subjectRequestStoreContract(
  adapter: string,
  fresh: () => Promise<FreshDatabase>,
): void {
  describe(`requests of people, on ${adapter}`, () => {
    let db: FreshDatabase
    let store: PostgresSubjectRequestStore
    const all: SubjectRequestFilter = { status: null, overdueAt: null, subject: null, limit: 10 }

    beforeAll(async () => {
      db = await fresh()
      store = new PostgresSubjectRequestStore(db.database)
    })
    beforeEach(async () => {
      for (const table of ['subject_request', 'subject_request_person', 'subject_request_link'])
        await db.database.query(`DELETE FROM ${table}`)
    })
    afterAll(async () => {
      await db.drop()
    })

    async function person(root?: string): Promise<string> {
      const id = randomUUID()
      await db.database.query(
        `INSERT INTO subject (id, root_id, kind, created_at) VALUES ($1, $2, 'person', now())`,
        [id, root ?? id],
      )
      return id
    }
    const link = (requestId: string, kind: 'confirm' | 'package', expiresAt = NOW + HOUR) => ({
      hash: randomBytes(32),
      requestId,
      kind,
      expiresAt,
    })
    const stepped = (held: HeldRequest): HeldRequest => ({ ...held, version: held.version + 1 })

    test('are found as they were opened, and listed newest first, by person, status and deadline', async () => {
      const subject = await person()
      const old = request({ subject, receivedAt: NOW - 40 * DAY, dueAt: NOW - DAY })
      const other = request({ subject: await person(), identities: Buffer.from('sealed') })
      expect(await store.open(old, [])).toEqual(old)
      await store.open(other, [])
      expect(await store.find(other.id)).toEqual(other)
      expect(await store.find(randomUUID())).toBeNull()
      const ids = async (filter: Partial<SubjectRequestFilter>) =>
        (await store.list({ ...all, ...filter })).map(({ id }) => id)
      expect(await ids({})).toEqual([other.id, old.id])
      expect(await ids({ subject })).toEqual([old.id])
      expect(await ids({ overdueAt: NOW })).toEqual([old.id])
      await store.open(
        request({ subject, type: 'objection', status: 'completed', settledAt: NOW }),
        [],
      )
      expect(await ids({ isOpen: true })).toEqual([other.id, old.id])
      expect(await store.count(NOW)).toEqual({ open: 2, overdue: 1 })
    })

    test('are opened once, by the client’s own id or of the same person and type', async () => {
      const subject = await person()
      const mine = request({ subject })
      await store.open(mine, [])
      const again = await store.open(request({ subject: await person(subject) }), [])
      expect(again.id).toBe(mine.id)
      expect(await store.isOf(mine.id, await person(subject))).toBe(true)
      for (const stranger of [await person(), randomUUID()])
        expect(await store.isOf(mine.id, stranger)).toBe(false)
      const root = await person()
      const byFormer = await store.open(request({ subject: await person(root) }), [])
      expect(byFormer.subject).toBe(root)
      const clientRequestId = randomUUID()
      const theirs = request({ clientRequestId })
      const opened = await Promise.all(
        [theirs, request({ clientRequestId }), request({ clientRequestId })].map((one) =>
          store.open(one, []),
        ),
      )
      expect(new Set(opened.map(({ id }) => id)).size).toBe(1)
      expect((await store.findByClient('shop', clientRequestId))?.id).toBe(opened[0]?.id)
      expect(await store.findByClient('other', clientRequestId)).toBeNull()
      expect(await store.list(all)).toHaveLength(3)
    })

    test('take each step once, whoever comes first, and forget what they need no more', async () => {
      const subject = await person()
      const sealed = Buffer.from('sealed')
      const one = request({ subject, identities: sealed, callbacks: sealed })
      await store.open(one, [])
      expect((await store.unresolved(9)).map(({ id }) => id)).toEqual([one.id])
      const begun = { ...one, identities: null, status: 'in_progress' as const }
      const steps = await Promise.all([1, 2].map(() => store.step({ request: begun })))
      expect(steps.filter(Boolean)).toHaveLength(1)
      expect(await store.find(one.id)).toEqual(stepped(begun))
      expect(await store.unresolved(9)).toEqual([])
      expect((await store.stuck(Date.now() + DAY, 9)).map(({ id }) => id)).toEqual([one.id])
      const done = { ...stepped(begun), status: 'completed' as const, settledAt: NOW }
      await store.step({ request: done })
      expect(await store.find(one.id)).toEqual({ ...stepped(done), callbacks: null })
    })

    test('are confirmed by a link that works once and not for ever', async () => {
      const subject = await person()
      const one = request({ subject })
      await store.open(one, [])
      const confirm = link(one.id, 'confirm')
      await store.step({ request: one, link: confirm })
      expect(await store.liveLinks(subject, NOW)).toBe(1)
      expect(await store.follow(confirm.hash, 'package', NOW)).toBeNull()
      expect(await store.follow(confirm.hash, 'confirm', NOW + HOUR)).toBeNull()
      const followed = await Promise.all(
        [1, 2, 3].map(() => store.follow(confirm.hash, 'confirm', NOW)),
      )
      expect(followed.filter((found) => found?.id === one.id)).toHaveLength(1)
      expect(await store.liveLinks(subject, NOW)).toBe(0)
    })

    test('are answered by a package until it expires, by its newest link as often as wanted', async () => {
      const subject = await person()
      const one = request({ subject, status: 'in_progress' })
      await store.open(one, [])
      const made = { requestId: one.id, subject, sealed: Buffer.from('zip'), expiresAt: NOW + DAY }
      const first = link(one.id, 'package')
      const done = { ...one, status: 'completed' as const, settledAt: NOW }
      await store.step({ request: done, package: made, link: first })
      expect(await store.package(one.id, NOW)).toEqual(made)
      expect((await store.answered(subject, 'access', NOW))?.id).toBe(one.id)
      expect(await store.answered(subject, 'portability', NOW)).toBeNull()
      for (const _ of [1, 2])
        expect((await store.follow(first.hash, 'package', NOW))?.id).toBe(one.id)
      await store.relink(link(one.id, 'package'))
      expect(await store.follow(first.hash, 'package', NOW)).toBeNull()
      expect(await store.package(one.id, NOW + DAY)).toBeNull()
      expect(await store.discardExpired(NOW + DAY)).toBe(2)
      expect(await store.answered(subject, 'access', NOW)).toBeNull()
    })
  })
}
