import { RecentEntries } from '../../../src/outbound/postgres/recent-entries.ts'
import { leaf, leafOfBytes } from '../../contracts/made-leaves.ts'

const named = (...ids: string[]) => ids.map((requestId) => leaf({ requestId }))
const idsIn = (taken: ReturnType<RecentEntries['take']>) =>
  taken?.map(({ index, requestId }) => [index, requestId]) ?? null

test('gives what was appended, by number, once', () => {
  const recent = new RecentEntries()
  recent.add(5, named('a', 'b'))
  recent.add(7, named('c'))
  expect(idsIn(recent.take(5, 2))).toEqual([
    [5, 'a'],
    [6, 'b'],
  ])
  expect(idsIn(recent.take(5, 2))).toBeNull()
  expect(idsIn(recent.take(7, 1))).toEqual([[7, 'c']])
})

test('gives nothing where another gateway’s entries lie between, or one was not told as an entry', () => {
  const recent = new RecentEntries()
  recent.add(0, named('a'))
  recent.add(2, named('c'))
  expect(recent.take(0, 3)).toBeNull()
  recent.add(3, [...named('d'), leafOfBytes('{}')])
  expect(recent.take(3, 2)).toBeNull()
})

test('forgets what stands before the entries asked for', () => {
  const recent = new RecentEntries()
  recent.add(0, named('a', 'b', 'c'))
  expect(idsIn(recent.take(2, 1))).toEqual([[2, 'c']])
  expect(recent.take(0, 1)).toBeNull()
})

test('forgets everything when numbers come again: then the trail is another one', () => {
  const recent = new RecentEntries()
  recent.add(0, named('a', 'b', 'c'))
  recent.add(1, named('other'))
  expect(recent.take(0, 1)).toBeNull()
  expect(recent.take(2, 1)).toBeNull()
  recent.add(2, named('next'))
  expect(idsIn(recent.take(2, 1))).toEqual([[2, 'next']])
})

test('holds no more than some seconds of a busy gateway', () => {
  const recent = new RecentEntries()
  const batch = Array(1_000).fill(leaf()) as ReturnType<typeof named>
  for (let first = 0; first < 40_000; first += 1_000) recent.add(first, batch)
  expect(recent.take(16_000, 1_000)).toBeNull()
  expect(recent.take(39_000, 1_000)).toBeNull()
  recent.add(40_000, batch)
  expect(recent.take(40_000, 1_000)).toHaveLength(1_000)
})
