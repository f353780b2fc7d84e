import { Refusal } from '../../kernel/refusal.ts'
import type { Plan } from './plan.ts'

/** Refuses a plan that lacks a purpose or a scope, before any data is loaded. */
export function admitPlan(plan: Plan): void {
  const { grant, selection, touchesPersons } = plan
  if (touchesPersons && grant.purpose === null) {
    throw new Refusal(
      'PURPOSE_REQUIRED',
      'The query selects personal fields but names no purpose: add @purpose(is: "…") or the header Bauta-Purpose.',
    )
  }
  const missing = selection.scopes.find((scope) => !grant.scopes.has(scope))
  if (missing === undefined) return
  throw new Refusal(
    'FORBIDDEN',
    grant.isPartner ? 'This token may not do that.' : `This token lacks the scope ${missing}.`,
  )
}
