import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { until } from '../../../src/inbound/graphql/until.ts'
import { HOUR } from '../../../src/kernel/time.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const passing = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms))

/** Ends or goes on as it is told, and knows whether it was let go. */
function source(next: () => Promise<IteratorResult<unknown>>) {
  let isOpen = true
  const events = {
    [Symbol.asyncIterator]: () => ({
      next,
      return: async () => {
        isOpen = false
        return { done: true as const, value: undefined }
      },
    }),
  }
  return { events, isOpen: () => isOpen }
}

test.each([
  ['a token that expires', () => Date.now() + HOUR],
  ['a key', () => null],
])('nothing is kept of events that were told, for %s', async (_of, expiresAt) => {
  const told: WeakRef<object>[] = []
  const { events } = source(async () => {
    const value = { event: told.length }
    told.push(new WeakRef(value))
    return { done: false, value }
  })
  const stream = until(events, expiresAt())
  for (let turn = 0; turn < 200; turn += 1) await stream.next()
  await passing(10)
  collectGarbage()
  const kept = told.filter((one) => one.deref() !== undefined)
  // The last ones may still be in somebody's hands.
  expect(kept.length).toBeLessThan(5)
  await stream.return()
})

test('a token that expires ends the stream while nothing happens, and lets the source go', async () => {
  const { events, isOpen } = source(() => new Promise(() => {}))
  const stream = until(events, Date.now() + 20)
  await expect(stream.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  expect(isOpen()).toBe(false)
})

test('a token that expires between two events ends the stream before the next', async () => {
  const { events, isOpen } = source(async () => ({ done: false, value: 1 }))
  const stream = until(events, Date.now() + 20)
  expect((await stream.next()).value).toBe(1)
  await passing(60)
  await expect(stream.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  expect(isOpen()).toBe(false)
})

test('a source that fails or ends is told as it is', async () => {
  const failing = until(source(async () => Promise.reject(new Error('gone'))).events, null)
  await expect(failing.next()).rejects.toThrow('gone')
  const ending = until(source(async () => ({ done: true, value: undefined })).events, null)
  expect((await ending.next()).done).toBe(true)
})
