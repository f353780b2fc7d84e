import { type Policy, PolicyError } from '../../domain/privacy/policy.ts'
import { externalIdTraits, groupOfTrait } from '../../domain/profiles/compose.ts'
import { fieldRules } from './fields.ts'

/** Traits in the vault that have a field of their own. */
const VAULT_FIELDS: ReadonlySet<string> = new Set([
  'name',
  'email',
  'phone',
  'address',
  'birthDate',
])
/** What stands beside traits in a row and is no field by itself. */
const BESIDE_TRAITS: ReadonlySet<string> = new Set(['lastAt', ...externalIdTraits.keys()])

/**
 * Whether the traits of the registry can be told apart from the fields of the schema: a trait with the name of a field is
 * that field's value and must have its category, and the name of a field that is computed is no trait's. Otherwise one
 * value would be told by the rules of another.
 * @throws PolicyError naming the trait
 */
export function checkTraitNames({ traits }: Pick<Policy, 'traits'>): void {
  const fields = new Map([...fieldRules.values()].map(({ name, category }) => [name, category]))
  for (const { key, category } of traits.values()) {
    const ofField = fields.get(key)
    const isFieldsValue = groupOfTrait(key) !== 'custom' || VAULT_FIELDS.has(key)
    const isTaken = BESIDE_TRAITS.has(key) || key in Object.prototype
    if (isTaken || (ofField !== undefined && !isFieldsValue))
      throw new PolicyError(`traits.csv: "${key}" is the name of something else; choose another`)
    if (ofField !== undefined && ofField !== category)
      throw new PolicyError(`traits.csv: "${key}" is shown as a field of the category ${ofField}`)
  }
}
