import { describe, expect, test } from '@jest/globals'
import { argumentHmac, canonicalValue, hashArguments } from '../../../src/domain/audit/arguments.ts'

const key = Buffer.alloc(32, 7)
const hash = (value: string | number | boolean) =>
  argumentHmac(key, canonicalValue(value)).toString('base64url')

describe('arguments as an entry holds them', () => {
  test('are hashed value by value: strings, numbers and booleans, however deep they stand', () => {
    const given = [
      { path: 'track.input', value: { event: 'Bought', price: 47.11, gift: true, tags: ['a'] } },
    ]
    expect(hashArguments(given, hash)).toEqual([
      { path: 'track.input', hmacs: [hash('Bought'), hash(47.11), hash(true), hash('a')] },
    ])
  })

  test('name each place once and each value of a place once, and leave out what is told otherwise', () => {
    const given = [
      { path: 'profiles.ids', value: ['p1x', 'p1y'] },
      { path: 'profiles.ids', value: ['p1y', 'p1z'] },
      { path: 'profile.id', value: 'p1x' },
      { path: 'auditTrail.after', value: null },
      { path: 'auditTrail.filter', value: undefined },
    ]
    const hashed = hashArguments(given, (value) => (value === 'p1x' ? null : hash(value)))
    expect(hashed).toEqual([{ path: 'profiles.ids', hmacs: [hash('p1y'), hash('p1z')] }])
  })

  test('are counted beyond those that an entry has room for', () => {
    const value = Array.from({ length: 1_500 }, (_, n) => n)
    const hashed = hashArguments([{ path: 'identify.input', value }], hash)
    expect(hashed).toMatchObject([{ path: 'identify.input', more: 500 }])
    expect(hashed[0]?.hmacs).toHaveLength(1_000)
    expect(
      hashArguments(
        [
          { path: 'a.b', value },
          { path: 'c.d', value },
        ],
        hash,
      )[1],
    ).toEqual({
      path: 'c.d',
      hmacs: [],
      more: 1_500,
    })
  })

  test('are the same however a value was typed, and another under another key', () => {
    expect(hash(' Maria@Example.COM ')).toBe(hash('maria@example.com'))
    expect(hash(42)).toBe(hash('42'))
    expect(hash('Zoe\u0308')).toBe(hash('zoë'))
    expect(argumentHmac(Buffer.alloc(32, 8), '42').toString('base64url')).not.toBe(hash('42'))
    expect(hash('42')).toMatch(/^[\w-]{22}$/)
  })
})
