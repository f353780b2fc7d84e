import { compilePolicy, PolicyError } from '../../../src/domain/privacy/policy.ts'
import { composeRow } from '../../../src/domain/profiles/compose.ts'
import { tallyOf } from '../../../src/domain/profiles/tally.ts'
import { fieldRules } from '../../../src/gateway/disclose/fields.ts'
import { checkTraitNames } from '../../../src/gateway/disclose/trait-names.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'

const tables = readPolicyTables('policy')
/** The policy with one trait registered anew or under another category. */
function withTrait(key: string, category: string) {
  const others = tables.traits.filter((row) => row.key !== key)
  const row = { key, category, type: 'text', survivorship: 'recent' }
  return compilePolicy({ ...tables, traits: [...others, row] })
}
const registered = new Set(tables.traits.map(({ key }) => key ?? ''))

describe('names of traits', () => {
  test('are those of the tables as they stand, and new ones', () => {
    expect(() => checkTraitNames(compilePolicy(tables))).not.toThrow()
    expect(() => checkTraitNames(withTrait('favouriteColour', 'user.account'))).not.toThrow()
  })

  const done = ['Order Completed', 'Session Started'].map((name) => {
    return { name, at: 1, itemId: 'tea', itemCategory: 'drinks', orderId: 'o', value: 1 }
  })
  const row = composeRow(new Map(), tallyOf(done), 1)
  const computed = Object.values(row.groups).flatMap((group) => Object.keys(group))

  test.each([...computed, 'ageBand', 'userId', 'crmId', 'externalIds', 'identities', 'toString'])(
    'are never that of something else, such as %s',
    (key) => {
      expect(() => checkTraitNames(withTrait(key, 'user.account'))).toThrow(PolicyError)
      expect(() => checkTraitNames(withTrait(key, 'user.account'))).toThrow(`"${key}"`)
    },
  )

  const shown = [...fieldRules.values()].filter(({ name }) => registered.has(name))
  test.each(shown.map(({ name, category }) => [name, category]))(
    'that a field shows, such as %s, have the category of the field: %s',
    (key, category) => {
      expect(() => checkTraitNames(withTrait(key, category))).not.toThrow()
      expect(() => checkTraitNames(withTrait(key, 'user.derived.score'))).toThrow(PolicyError)
    },
  )
})
