import fc from 'fast-check'
import { Abilities, rowsOf, treatmentsOf } from '../../../src/domain/access/ability.ts'
import { type Grant, grantOf } from '../../../src/domain/access/grant.ts'
import { type Client, type Principal, scopes } from '../../../src/domain/access/principal.ts'
import { compilePolicy } from '../../../src/domain/privacy/policy.ts'
import { type Treatment, treatments } from '../../../src/domain/privacy/treatment.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'

const policy = compilePolicy(readPolicyTables('policy'))
const ANA = '00000000-0000-4000-8000-000000000001'
const BEN = '00000000-0000-4000-8000-000000000002'
const profile = (subjectId: string, segments: readonly string[] = []) => ({ subjectId, segments })
const everybody = { subjectId: null, segments: null, subjects: null }
const PLAN = 'user.account.plan'
const NAME = 'user.name'

const client: Client = {
  id: 'c',
  name: 'c',
  roles: ['marketer'],
  audience: 'c',
  scopes,
  purposes: ['MARKETING'],
  defaultPurpose: null,
  categories: null,
  segments: null,
  writeKey: null,
  lookupsPerDay: null,
  requestsPerMinute: null,
  costPerMinute: null,
  origins: [],
  adhoc: false,
  disabledAt: null,
}
const principal = (more: Partial<Client> = {}): Principal => ({
  client: { ...client, ...more },
  roles: more.roles ?? client.roles,
  scopes: new Set(scopes),
  subject: null,
  purposes: new Set(['MARKETING']),
  defaultPurpose: null,
  tokenId: 't',
  expiresAt: null,
  subjects: null,
  cnfJkt: null,
})
const grant = (more: Partial<Client> = {}): Grant =>
  grantOf(principal(more), policy.purposes.get('MARKETING') ?? null)

describe('abilities', () => {
  const table = fc.dictionary(
    fc.constantFrom(PLAN, NAME, 'user.device', 'user.consent'),
    fc.constantFrom(...treatments),
  )

  test('do not depend on the order of rules', () => {
    fc.assert(
      fc.property(table, (cells) => {
        const entries = Object.entries(cells) as [string, Treatment][]
        const one = new Abilities(new Map(entries), everybody)
        const other = new Abilities(new Map(entries.toReversed()), everybody)
        for (const category of [PLAN, NAME, 'user.device', 'user.consent'])
          expect(other.allows(profile(ANA), category)).toBe(one.allows(profile(ANA), category))
      }),
    )
  })

  test('let a denial trump every permission, also one with conditions that hold', () => {
    const abilities = new Abilities(
      new Map([
        [NAME, 'WITHHELD'],
        [PLAN, 'CLEAR'],
      ]),
      { ...everybody, subjectId: ANA },
    )
    expect(abilities.allows(profile(ANA), NAME)).toBe(false)
    expect(abilities.allows(profile(ANA), PLAN)).toBe(true)
  })

  test('deny what no rule names, and everything where there is no rule', () => {
    expect(new Abilities(new Map([[PLAN, 'CLEAR']]), everybody).allows(profile(ANA), NAME)).toBe(
      false,
    )
    expect(new Abilities(new Map(), everybody).allows(profile(ANA), PLAN)).toBe(false)
  })

  test('ask about the very profile: a permission for one person is none for another', () => {
    const abilities = new Abilities(new Map([[PLAN, 'CLEAR']]), { ...everybody, subjectId: ANA })
    expect(abilities.allows(profile(ANA), PLAN)).toBe(true)
    expect(abilities.allows(profile(BEN), PLAN)).toBe(false)
  })

  test('take an empty list of segments for nobody, not for everybody', () => {
    const abilities = new Abilities(new Map([[PLAN, 'CLEAR']]), { ...everybody, segments: [] })
    expect(abilities.allows(profile(ANA, ['vip']), PLAN)).toBe(false)
    const limited = new Abilities(new Map([[PLAN, 'CLEAR']]), {
      ...everybody,
      segments: ['vip'],
    })
    expect(
      [profile(ANA, ['vip']), profile(BEN, ['other']), profile(BEN)].map((one) =>
        limited.allows(one, PLAN),
      ),
    ).toEqual([true, false, false])
  })

  test('do not read a category as a pattern: neither a wider nor a narrower name opens it', () => {
    const abilities = new Abilities(new Map([['user.account', 'CLEAR']]), everybody)
    for (const category of ['user', 'user.account.plan', 'user.*', 'user.accounts'])
      expect(abilities.allows(profile(ANA), category)).toBe(false)
  })

  test('change nothing about the profile that they look at', () => {
    const asked = Object.freeze(profile(ANA, Object.freeze(['vip'])))
    expect(new Abilities(new Map([[PLAN, 'CLEAR']]), everybody).allows(asked, PLAN)).toBe(true)
    expect(Object.keys(asked)).toEqual(['subjectId', 'segments'])
  })
})

describe('a grant', () => {
  test('of somebody who acts for a person and has none reaches nobody', () => {
    const rows = rowsOf({ ...grant(), actsForSubject: true }, principal())
    expect(new Abilities(new Map([[PLAN, 'CLEAR']]), rows).allows(profile(ANA), PLAN)).toBe(false)
  })

  test('withholds all that lies outside the categories of its client', () => {
    const table = treatmentsOf(policy, grant({ categories: ['user.account'] }))
    expect(
      [...table].filter(([, treatment]) => treatment !== 'WITHHELD').map(([category]) => category),
    ).toEqual(['user.account', PLAN])
  })

  test('counts only roles that may declare the purpose', () => {
    expect(grant({ roles: ['marketer', 'support'] }).roles).toEqual(['marketer'])
  })

  test('of two roles takes the more revealing treatment', () => {
    const both = { ...grant(), roles: ['marketer', 'support'] }
    expect(treatmentsOf(policy, both).get(NAME)).toBe('CLEAR')
    expect(treatmentsOf(policy, { ...both, roles: [] }).get(NAME)).toBe('WITHHELD')
  })

  test('has equal keys exactly where it decides alike, whoever asks', () => {
    expect(grant({ id: 'other' }).key).toBe(grant().key)
    for (const more of [
      { audience: 'other' },
      { categories: ['user.name'] },
      { segments: ['vip'] },
      { roles: ['support'] },
    ])
      expect(grant(more).key).not.toBe(grant().key)
  })
})
