import {
  argumentHmac,
  argumentLookUp,
  canonicalValue,
  hashArguments,
} from '../../../src/domain/audit/arguments.ts'

const key = Buffer.alloc(32, 7)
const hash = (value: string | number | boolean) =>
  argumentHmac(key, canonicalValue(value)).toString('base64url')
const hashed = (value: string | number | boolean) => ({ hmac: hash(value), isIdentifier: false })

describe('arguments as an entry holds them', () => {
  test('are hashed value by value: strings, numbers and booleans, however deep they stand', () => {
    const given = [
      { path: 'track.input', value: { event: 'Bought', price: 47.11, gift: true, tags: ['a'] } },
    ]
    expect(hashArguments(given, hashed)).toEqual([
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
    const all = hashArguments(given, (value) => (value === 'p1x' ? null : hashed(value)))
    expect(all).toEqual([{ path: 'profiles.ids', hmacs: [hash('p1y'), hash('p1z')] }])
  })

  test('are counted beyond those that an entry has room for', () => {
    const value = Array.from({ length: 1_500 }, (_, n) => n)
    const all = hashArguments([{ path: 'identify.input', value }], hashed)
    expect(all).toMatchObject([{ path: 'identify.input', more: 500 }])
    expect(all[0]?.hmacs).toHaveLength(1_000)
    expect(
      hashArguments(
        [
          { path: 'a.b', value },
          { path: 'c.d', value },
        ],
        hashed,
      )[1],
    ).toEqual({
      path: 'c.d',
      hmacs: [],
      more: 1_500,
    })
  })

  test('tell identifiers apart, whomever they led to', () => {
    const value = { identifiers: [{ kind: 'EMAIL', value: 'a@example.com' }], plan: 'gold' }
    const ofPlace = (isNamed: (value: unknown) => boolean) =>
      hashArguments([{ path: 'identify.input', value }], (one) => ({
        hmac: hash(one),
        isIdentifier: isNamed(one),
      }))
    expect(ofPlace((one) => one === 'a@example.com')).toEqual([
      {
        path: 'identify.input',
        hmacs: [hash('EMAIL'), hash('gold')],
        identifiers: [hash('a@example.com')],
      },
    ])
    expect(ofPlace(() => true)).toMatchObject([{ hmacs: [] }])
  })

  test('are found in the order of their days, identifiers behind all of them', () => {
    const hmac = argumentHmac(key, 'gold')
    const found = ['1970-01-01', '2026-01-31', '2026-02-01', '9999-12-31', null].map((day) =>
      argumentLookUp(hmac, day),
    )
    expect(found.map((one) => one.toString('hex').slice(0, 4))).toEqual([
      '0000',
      '5004',
      '5005',
      'ffff',
      'ffff',
    ])
    for (const one of found) expect(one.subarray(2)).toEqual(hmac)
  })

  test('are the same however a value was typed, and another under another key', () => {
    expect(hash(' Maria@Example.COM ')).toBe(hash('maria@example.com'))
    expect(hash(42)).toBe(hash('42'))
    expect(hash('Zoe\u0308')).toBe(hash('zoë'))
    expect(argumentHmac(Buffer.alloc(32, 8), '42').toString('base64url')).not.toBe(hash('42'))
    expect(hash('42')).toMatch(/^[\w-]{22}$/)
  })
})
