import fc from 'fast-check'
import type { KeyRotation } from '../../src/domain/privacy/key-rotation.ts'
import type { KeyStore } from '../../src/domain/privacy/key-store.ts'
import { DAY, SECOND } from '../../src/kernel/time.ts'
import type { SetClock } from '../clock-and-randomness.ts'
import { newSubject } from './key-store.contract.ts'

export type RotatingKeys = KeyStore & KeyRotation

/** Rotating keys as several processes see them, all by one clock. */
export interface SharedKeys {
  readonly clock: SetClock
  readonly store: RotatingKeys
  again(): Promise<RotatingKeys>
}

/** What every KeyRotation promises. */
export function keyRotationContract(name: string, open: () => Promise<SharedKeys>): void {
  describe(`${name} as keys that rotate`, () => {
    let clock: SetClock
    let store: RotatingKeys
    let again: SharedKeys['again']
    beforeEach(async () => {
      ;({ clock, store, again } = await open())
    })

    const people = (count: number) => Array.from({ length: count }, newSubject)
    const keysOf = (keys: KeyStore, subjects: readonly string[]) =>
      subjects.map((subject) => [
        Buffer.from(keys.dataKeyOf(subject) ?? []).toString('hex'),
        keys.auditRefOf(subject),
        Buffer.from(keys.argumentKeyOf(subject) ?? []).toString('hex'),
      ])
    async function finish(keys: RotatingKeys): Promise<number> {
      let steps = 0
      for await (const _ of keys.rewrap()) steps += 1
      return steps
    }
    const currentOf = async (keys: RotatingKeys) => (await keys.wrappingKeys()).at(-1)?.number ?? 0
    async function rotate(keys: RotatingKeys): Promise<void> {
      await keys.renewWrapping(await currentOf(keys))
      await finish(keys)
    }

    test('keep every data key, salt and reference through a rotation of wrapping keys, for all processes', async () => {
      const subjects = people(500)
      await store.create(subjects)
      const before = keysOf(store, subjects)
      const other = await again()
      await rotate(store)
      expect(keysOf(store, subjects)).toEqual(before)
      clock.pass(SECOND)
      expect(keysOf(other, subjects)).toEqual(before)
      expect(keysOf(await again(), subjects)).toEqual(before)
      const states = await store.wrappingKeys()
      expect(states.map((one) => one.people)).toEqual([0, 500])
    })

    test('say how far a rotation has come', async () => {
      await store.create(people(450))
      await store.renewWrapping(await currentOf(store))
      const progress: [number, number][] = []
      for await (const { done, total } of store.rewrap()) progress.push([done, total])
      expect(progress).toEqual([
        [200, 450],
        [400, 450],
        [450, 450],
      ])
      expect(await finish(store)).toBe(0)
    })

    test('go on where a rotation was stopped, while others create and destroy', async () => {
      const [kept, doomed] = [people(350), people(50)]
      await store.create([...kept, ...doomed])
      const before = keysOf(store, kept)
      await store.renewWrapping(await currentOf(store))
      for await (const _ of store.rewrap()) break
      const other = await again()
      const born = people(20)
      await other.create(born)
      await other.destroy(doomed)
      expect(keysOf(other, kept)).toEqual(before)
      const ofBorn = keysOf(other, born)
      await Promise.all([finish(other), finish(store)])
      const restarted = await again()
      expect(keysOf(restarted, kept)).toEqual(before)
      expect(keysOf(restarted, born)).toEqual(ofBorn)
      expect(doomed.map((one) => restarted.dataKeyOf(one)).every((key) => key === null)).toBe(true)
      expect((await restarted.wrappingKeys()).map((one) => one.people)).toEqual([0, 370])
    })

    test('make one new key where two processes rotate at once', async () => {
      const other = await again()
      const before = await currentOf(store)
      await Promise.all([store.renewWrapping(before), other.renewWrapping(before)])
      expect(await currentOf(await again())).toBe(before + 1)
    })

    test('destroy a retired wrapping key when its time has come and nothing rests on it', async () => {
      const subjects = people(3)
      await store.create(subjects)
      const before = keysOf(store, subjects)
      const first = await currentOf(store)
      clock.pass(DAY)
      await store.renewWrapping(first)
      const soon = clock.now() + 1
      // Data keys rest on it until they are wrapped anew.
      expect(await store.destroyRetiredBefore(soon)).toEqual([])
      await finish(store)
      // It was made a day ago, and retired now.
      expect(await store.destroyRetiredBefore(clock.now())).toEqual([])
      expect(await store.destroyRetiredBefore(soon)).toEqual([first])
      expect((await store.wrappingKeys()).map(({ number }) => number)).toEqual([first + 1])
      expect(keysOf(await again(), subjects)).toEqual(before)
    })

    test('never destroy the wrapping key that is current', async () => {
      await store.create(people(1))
      expect(await store.destroyRetiredBefore(clock.now() + 10_000 * DAY)).toEqual([])
      expect(await store.wrappingKeys()).toHaveLength(1)
    })

    test('begin in the first epoch of pseudonyms, and accept no other', () => {
      expect(store.epochsOf('acme')).toEqual({ current: 1, since: null, previous: null })
    })

    test('switch to an announced epoch at its instant, in all processes that look once a second', async () => {
      const other = await again()
      const [at, until] = [clock.now() + 5 * SECOND, clock.now() + DAY]
      await store.rotatePseudonyms({ audience: null, at, until })
      expect(other.epochsOf('acme').current).toBe(1)
      clock.pass(5 * SECOND - 1)
      for (const keys of [store, other]) expect(keys.epochsOf('acme').current).toBe(1)
      clock.pass(1)
      const switched = { current: 2, since: at, previous: { epoch: 1, until } }
      for (const keys of [store, other, await again()])
        expect(keys.epochsOf('acme')).toEqual(switched)
      clock.pass(until - at - 1)
      expect(other.epochsOf('acme')).toEqual(switched)
      clock.pass(1)
      expect(other.epochsOf('acme')).toEqual({ current: 2, since: at, previous: null })
    })

    test('count the epochs of an audience by the rotations that concern it', async () => {
      const turn = async (audience: string | null) => {
        await store.rotatePseudonyms({ audience, at: clock.now(), until: clock.now() + SECOND })
        clock.pass(SECOND)
      }
      await turn('acme')
      await turn(null)
      await turn('globex')
      const currents = ['acme', 'globex', 'shop'].map((one) => store.epochsOf(one).current)
      expect(currents).toEqual([3, 3, 2])
    })

    test('refuse a rotation while an overlap of the same audience lasts, and change nothing', async () => {
      await store.rotatePseudonyms({ audience: 'acme', at: clock.now(), until: clock.now() + DAY })
      for (const audience of ['acme', null])
        await expect(
          store.rotatePseudonyms({ audience, at: clock.now(), until: clock.now() + DAY }),
        ).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(store.epochsOf('acme').current).toBe(2)
      await store.rotatePseudonyms({ audience: 'shop', at: clock.now(), until: clock.now() + DAY })
      expect(store.epochsOf('shop').current).toBe(2)
    })

    test('hold one key for each person whatever is made, destroyed and rotated in which order', async () => {
      const step = fc.constantFrom(...Object.keys(steps))
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (names) => {
          const world: World = { ...(await open()), alive: new Map(), gone: [] }
          for (const name of names) {
            world.clock.pass(DAY)
            await steps[name]?.(world)
            for (const [subject, key] of world.alive) expect(keyOf(world.store, subject)).toBe(key)
            for (const subject of world.gone) expect(world.store.dataKeyOf(subject)).toBeNull()
          }
        }),
        { numRuns: 25 },
      )
    })
  })
}

/** What the property has done so far. */
interface World extends SharedKeys {
  store: RotatingKeys
  readonly alive: Map<string, string>
  readonly gone: string[]
}

const keyOf = (keys: KeyStore, subject: string) =>
  Buffer.from(keys.dataKeyOf(subject) ?? []).toString('hex')

const steps: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  create: async ({ store, alive }) => {
    const subject = newSubject()
    await store.create([subject])
    alive.set(subject, keyOf(store, subject))
  },
  destroy: async ({ store, alive, gone }) => {
    const [subject] = alive.keys()
    if (subject === undefined) return
    await store.destroy([subject])
    alive.delete(subject)
    gone.push(subject)
  },
  renew: async ({ store }) =>
    await store.renewWrapping((await store.wrappingKeys()).at(-1)?.number ?? 0),
  begin: async ({ store }) => {
    for await (const _ of store.rewrap()) break
  },
  finish: async ({ store }) => {
    for await (const _ of store.rewrap());
  },
  sweep: async ({ store, clock }) => await store.destroyRetiredBefore(clock.now()),
  restart: async (world) => {
    world.store = await world.again()
  },
}
