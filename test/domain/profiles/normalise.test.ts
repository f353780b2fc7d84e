import fc from 'fast-check'
import type { TraitType } from '../../../src/domain/privacy/policy.ts'
import { parseDate, parseInstant } from '../../../src/domain/profiles/instants.ts'
import { normalise, normaliseIdentifier } from '../../../src/domain/profiles/normalise.ts'

const read = (type: TraitType, value: unknown, country: string | null = null) => {
  const result = normalise({ type }, value, country)
  return 'value' in result ? result.value : null
}

describe('normal forms', () => {
  test.each<[TraitType, unknown, unknown]>([
    ['email', ' Ada.Lovelace@Example.COM ', 'ada.lovelace@example.com'],
    ['email', 'straße@bücher.example', 'straße@bücher.example'],
    ['email', 'ada@example', null],
    ['email', 'ada@@example.com', null],
    ['email', 'a b@example.com', null],
    ['email', `${'a'.repeat(250)}@example.com`, null],
    ['phone', '+49 (30) 901820', '+4930901820'],
    ['phone', 'call me', null],
    ['phone', '030 901820', null],
    ['country', 'Deutschland', null],
    ['country', 'germany', 'DE'],
    ['country', 'gb', 'GB'],
    ['country', 'FRA', 'FR'],
    ['country', 'XX', null],
    ['language', 'en-GB', 'en'],
    ['language', 'PT_br', 'pt'],
    ['language', 'klingon', null],
    ['date', '2024-02-29', '2024-02-29'],
    ['date', '2023-02-29', null],
    ['date', '2024-13-01', null],
    ['date', '1.2.2024', null],
    ['date', '2024-02-29T00:00:00Z', '2024-02-29'],
    ['instant', '2024-02-29 12:00', '2024-02-29T12:00:00.000Z'],
    ['instant', '2024-02-30T12:00:00Z', null],
    ['number', '12.50', 12.5],
    ['number', '', null],
    ['number', 'NaN', null],
    ['number', 'Infinity', null],
    ['boolean', 'Yes', true],
    ['boolean', 0, false],
    ['boolean', 'maybe', null],
    ['text', '  Zoë  ', 'Zoë'],
    ['text', '=1+1', null],
    ['text', '@SUM(A1)', null],
    ['text', '-2+3', null],
    ['text', '\tx', null],
    ['text', 'line\nline', 'line\nline'],
    ['text', 'bell\u0007', null],
    ['text', 'half \ud800', null],
    ['text', 'x'.repeat(4_097), null],
    ['text', { a: 1 }, null],
  ])('of %s %j is %j', (type, value, expected) => {
    expect(read(type, value)).toBe(expected)
  })

  test('of a phone number without country code needs the country of the record', () => {
    expect(read('phone', '030 901820', 'DE')).toBe('+4930901820')
    expect(read('phone', '(212) 555-2368', 'US')).toBe('+12125552368')
  })

  test('are normal: reading one again changes nothing, and no problem repeats the value', () => {
    const types: TraitType[] = [
      'text',
      'number',
      'boolean',
      'date',
      'instant',
      'email',
      'phone',
      'country',
      'language',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.oneof(fc.string({ unit: 'binary' }), fc.emailAddress()),
        (type, value) => {
          const first = normalise({ type }, value, 'DE')
          if ('value' in first) expect(normalise({ type }, first.value, 'DE')).toEqual(first)
          else if (value.length > 8) expect(first.problem).not.toContain(value)
        },
      ),
    )
  })

  test('of identifiers are the same for equal people', () => {
    expect(normaliseIdentifier({ kind: 'email', value: 'A@Example.com' }, null)).toEqual({
      value: { kind: 'email', value: 'a@example.com' },
    })
    expect(normaliseIdentifier({ kind: 'userId', value: ' -7 ' }, null)).toEqual({
      value: { kind: 'userId', value: '-7' },
    })
    expect(normaliseIdentifier({ kind: 'userId', value: '__proto__' }, null)).toEqual({
      problem: 'is a reserved word',
    })
  })
})

describe('points in time', () => {
  const at = Date.UTC(2026, 0, 31, 9, 30, 5)
  test.each<[string | number, number | null]>([
    ['2026-01-31T09:30:05Z', at],
    ['2026-01-31 09:30:05', at],
    ['2026-01-31T10:30:05+01:00', at],
    ['2026-01-31T10:30:05+0100', at],
    ['2026-01-31T09:30:05.123456Z', at + 123],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    [at, at],
    [String(at), at],
    [at / 1000, at],
    ['1899-12-31', null],
    ['2026-01-31T25:00:00Z', null],
    ['tomorrow', null],
    [Number.NaN, null],
    [1e300, null],
  ])('%p is %p', (given, expected) => {
    expect(parseInstant(given)).toBe(expected)
  })

  test('in ISO 8601 come back as they went', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
        (date) => {
          expect(parseInstant(date.toISOString())).toBe(date.getTime())
          expect(parseDate(date.toISOString().slice(0, 10))).toBe(date.toISOString().slice(0, 10))
        },
      ),
    )
  })
})
