import fc from 'fast-check'
import type { ConsentRecord } from '../../../src/domain/privacy/consent.ts'
import { consentHistories } from '../../../src/domain/profiles/consent-histories.ts'
import {
  type KnownIdentifier,
  Resolution,
  rootsOf,
} from '../../../src/domain/profiles/resolution.ts'

const counter = () => {
  let n = 0
  return (count: number) => Array.from({ length: count }, () => `s${String(++n).padStart(4, '0')}`)
}
const id = (n: number) => ({ kind: n < 4 ? 'crmId' : 'anonymousId', blindIndex: `b${n}` })
const verified = { key: 'r', verified: true, subject: null }

describe('finding out who is who', () => {
  test('people are what verified records hold together, in whatever order they come', () => {
    const record = fc.uniqueArray(fc.nat({ max: 7 }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), (records) => {
        const resolution = new Resolution([], 1, counter())
        const homes = records.map((ids) => resolution.fileUnder(ids.map(id), verified))
        const links = [...resolution.links.values()].map(({ survivor, retired }) => ({
          one: survivor,
          other: retired,
        }))
        const members = resolution.newSubjects.map((subject) => ({ id: subject.id, createdAt: 1 }))
        const roots = rootsOf(members, links)
        for (const { id } of members) expect(resolution.rootOf(id)).toBe(roots.get(id))
        for (const [a, one] of records.entries())
          for (const [b, other] of records.entries())
            expect(resolution.rootOf(homes[a] ?? '') === resolution.rootOf(homes[b] ?? '')).toBe(
              connected(records, one, other),
            )
      }),
    )
  })

  test('the oldest home is the root, whoever finds the others', () => {
    const known = (n: number, root: string, rootCreatedAt: number): KnownIdentifier => ({
      ...id(n),
      home: root,
      root,
      rootCreatedAt,
      verified: true,
    })
    const resolution = new Resolution([known(1, 'young', 20), known(2, 'old', 10)], 30, counter())
    resolution.fileUnder([id(1), id(2), id(3)], verified)
    expect(resolution.retired()).toEqual([{ former: 'young', root: 'old' }])
    expect(resolution.rootOf('s0001')).toBe('old')
  })

  test('an unverified record links nothing: it lies under its first identifier', () => {
    const resolution = new Resolution([], 1, counter())
    const unverified = { ...verified, verified: false }
    const one = resolution.fileUnder([id(4), id(5)], unverified)
    const other = resolution.fileUnder([id(5)], unverified)
    expect(one).not.toBe(other)
    expect(resolution.links.size).toBe(0)
    expect([...resolution.newIdentifiers.values()].every((made) => !made.verified)).toBe(true)
  })
})

function connected(records: readonly number[][], from: readonly number[], to: readonly number[]) {
  const reached = new Set(from)
  for (let grown = true; grown; ) {
    grown = false
    for (const ids of records) {
      if (!ids.some((n) => reached.has(n)) || ids.every((n) => reached.has(n))) continue
      for (const n of ids) reached.add(n)
      grown = true
    }
  }
  return to.some((n) => reached.has(n))
}

describe('consent of a person known by several homes', () => {
  const decision = (id: string, recordedAt: number): ConsentRecord => ({
    id,
    purpose: 'MARKETING',
    categories: null,
    recipient: null,
    state: 'ConsentGiven',
    jurisdiction: null,
    effectiveAt: recordedAt,
    expiresAt: null,
    recordedAt,
    source: 'record',
  })
  const ids = (histories: readonly (readonly ConsentRecord[])[]) =>
    histories.map((history) => history.map((one) => one.id))

  test('has one history per home before they were linked, and what was decided since stands in all', () => {
    const filed = [
      { home: 'a', record: decision('before-a', 1) },
      { home: 'b', record: decision('before-b', 2) },
      { home: 'a', record: decision('since-a', 6) },
      { home: 'c', record: decision('apart', 9) },
    ]
    const links = [{ one: 'a', other: 'b', at: 5 }]
    expect(ids(consentHistories(filed, links))).toEqual([
      ['before-a', 'since-a'],
      ['before-b', 'since-a'],
      ['apart'],
    ])
  })
})
