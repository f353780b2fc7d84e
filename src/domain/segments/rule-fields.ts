import { longestPrefix } from '../privacy/categories.ts'
import type { Policy, TraitType } from '../privacy/policy.ts'
import { type FeatureField, type FieldType, featureFields } from './feature-fields.ts'

/** A field of the rule language under one policy. */
export interface RuleField extends FeatureField {
  readonly name: string
}

const TYPES: Partial<Record<TraitType, FieldType>> = {
  number: 'number',
  boolean: 'boolean',
  date: 'date',
  instant: 'instant',
}

/**
 * Every field that a rule may name: the features that all installations have, and the custom traits of the policy's
 * registry. What the policy keeps in the vault is not among them: a rule over it would tell what the vault hides.
 */
export function ruleFields(policy: Policy): ReadonlyMap<string, RuleField> {
  const fields = new Map<string, RuleField>()
  for (const trait of policy.traits.values()) {
    const custom: FeatureField = {
      column: 'custom',
      path: [trait.key],
      type: TYPES[trait.type] ?? 'text',
      category: trait.category,
    }
    const field = featureFields.get(trait.key) ?? custom
    fields.set(trait.key, { ...field, name: trait.key, category: trait.category })
  }
  for (const [name, field] of featureFields)
    if (!fields.has(name)) fields.set(name, { ...field, name })
  for (const [name, { category }] of fields)
    if (longestPrefix(policy.categories, category)?.store !== 'features') fields.delete(name)
  return fields
}
