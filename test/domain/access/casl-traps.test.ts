import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMongoAbility, subject } from '@casl/ability'
import fc from 'fast-check'
import { Abilities, definite } from '../../../src/domain/access/ability.ts'
import { type Treatment, treatments } from '../../../src/domain/privacy/treatment.ts'
import type { SubjectId } from '../../../src/kernel/ids.ts'

// What @casl/ability 7.0.1 does of itself, and that ours does not. Where the first half of a test fails, CASL has changed.

const ANA = '00000000-0000-4000-8000-000000000001'
const somebody = { subjectId: ANA, segments: [] }
const everybody = { subjectId: null, segments: null, subjects: null }
const profile = (fields: Record<string, unknown> = somebody) => subject('Profile', { ...fields })

describe("CASL's trap", () => {
  test('that a later permission overrides a denial: here no order of rows lets one win', () => {
    const trap = createMongoAbility([
      { action: 'read', subject: 'Profile', fields: ['ssn'], inverted: true },
      { action: 'read', subject: 'Profile' },
    ])
    expect(trap.can('read', profile(), 'ssn')).toBe(true)

    const categories = ['user.name', 'user.account', 'user.device', 'user.consent']
    const rows = fc.uniqueArray(
      fc.tuple(fc.constantFrom(...categories), fc.constantFrom(...treatments)),
      { selector: ([category]) => category },
    )
    const shuffled = rows.chain((one) =>
      fc.tuple(
        fc.constant(one),
        fc.shuffledSubarray(one, { minLength: one.length }),
        // Rows of a Map that are set again stand twice in what it is made of.
        fc.shuffledSubarray(one),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([one, other, again]) => {
        const first = new Abilities(new Map(one), everybody)
        const second = new Abilities(new Map([...other, ...again]), everybody)
        const closed = new Map<string, Treatment>(one)
        for (const category of categories) {
          const open = (closed.get(category) ?? 'WITHHELD') !== 'WITHHELD'
          expect(first.allows(somebody, category)).toBe(open)
          expect(second.allows(somebody, category)).toBe(open)
        }
      }),
    )
  })

  test('that a condition without content lets everybody in: here it is refused', () => {
    const trap = createMongoAbility([{ action: 'read', subject: 'Profile', conditions: {} }])
    expect(trap.can('read', profile())).toBe(true)
    expect(() => definite({})).toThrow('would let in the wrong people')
    expect(definite(null)).toBeNull()
  })

  test('that an undefined value lets in whoever lacks the field: here it is refused', () => {
    const trap = createMongoAbility([
      { action: 'read', subject: 'Profile', conditions: { tenantId: undefined } },
    ])
    expect(trap.can('read', profile())).toBe(true)
    const nobodyNamed = { ...everybody, subjectId: undefined as unknown as SubjectId }
    expect(() => new Abilities(new Map([['user.name', 'CLEAR']]), nobodyNamed)).toThrow(
      'would let in the wrong people',
    )
  })

  test('that a question about the type is answered for anybody: here only profiles can be asked about', () => {
    const trap = createMongoAbility([
      { action: 'read', subject: 'Profile', fields: ['email'], conditions: { subjectId: ANA } },
    ])
    expect(trap.can('read', 'Profile', 'email')).toBe(true)
    const ours = new Abilities(new Map([['user.name', 'CLEAR']]), { ...everybody, subjectId: ANA })
    expect(ours.allows({ subjectId: 'somebody else', segments: [] }, 'user.name')).toBe(false)
  })

  test('that a question without a field is answered for any field: here a category is always named', () => {
    const trap = createMongoAbility([
      { action: 'read', subject: 'Profile', fields: ['email'] },
      { action: 'read', subject: 'Profile', fields: ['ssn'], inverted: true },
    ])
    expect(trap.can('read', profile())).toBe(true)
    const ours = new Abilities(
      new Map([
        ['user.account', 'CLEAR'],
        ['user.name', 'WITHHELD'],
      ]),
      everybody,
    )
    expect(trap.can('read', profile(), '')).toBe(true)
    expect(ours.allows(somebody, '')).toBe(false)
  })

  test('that a star matches also what stands before it: here a category with a star is refused', () => {
    const trap = createMongoAbility([{ action: 'read', subject: 'Profile', fields: ['address.*'] }])
    expect(trap.can('read', profile(), 'address')).toBe(true)
    expect(() => new Abilities(new Map([['user.*', 'CLEAR']]), everybody)).toThrow('no pattern')
  })
})

describe('the source code', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name, readFileSync(join('src', name), 'utf8')] as const)
  /** Questions whose second argument is text, or a constant: those are about the type. */
  const aboutATypeIn = (text: string) =>
    [...text.matchAll(/\.(?:can|cannot|relevantRuleFor)\(\s*[\w'"`]+\s*,\s*(['"`]|[A-Z_]+\b)/g)]
      .length

  test('asks CASL in one place only, and never about the type', () => {
    const users = sources.filter(([, text]) => text.includes('@casl/ability')).map(([name]) => name)
    expect(users).toEqual(['domain/access/ability.ts'])
    expect(sources.filter(([, text]) => aboutATypeIn(text) > 0)).toEqual([])
  })

  test.each([
    `ability.can('read', 'Profile', 'email')`,
    `ability.can(ACTION, SUBJECT, category)`,
    `ability.cannot(ACTION, \`Profile\`)`,
  ])('would be found to do so: %s', (line) => {
    expect(aboutATypeIn(line)).toBe(1)
  })
})
