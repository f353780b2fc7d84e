import type { TraitDefinition } from '../../domain/privacy/policy.ts'
import { type Decision, withheld } from '../../domain/privacy/treatment.ts'
import { type FieldRule, fieldRules } from './fields.ts'
import type { PlanRules } from './plan-rules.ts'
import type { StateDecisions } from './state-decisions.ts'

/** The decision about a trait asked for by key: its category's, unless the scope or a form for that treatment is missing. */
export function decideTrait(
  { policy, grant }: PlanRules,
  decisions: StateDecisions,
  key: string,
): { readonly definition: TraitDefinition | null; readonly decision: Decision } {
  const definition = policy.traits.get(key) ?? null
  if (!definition) return { definition, decision: withheld('ROLE') }
  const rule = ruleOfTrait(key)
  if (rule?.scope && !grant.scopes.has(rule.scope))
    return { definition, decision: withheld('SCOPE') }
  const decision = decisions.decide(definition.category)
  const hasForm =
    decision.treatment === 'CLEAR' ||
    (decision.treatment === 'GENERALISED' && rule?.generalise) ||
    (decision.treatment === 'MASKED' && rule?.mask)
  return {
    definition,
    decision: decision.reason === null && !hasForm ? withheld('ROLE') : decision,
  }
}

/** The field of the schema that shows the same trait, whose generalised and masked forms hold for it too. */
export function ruleOfTrait(key: string): FieldRule | undefined {
  for (const rule of fieldRules.values()) if (rule.name === key) return rule
  return undefined
}
