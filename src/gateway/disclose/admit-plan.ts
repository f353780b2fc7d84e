import { Refusal } from '../../kernel/refusal.ts'
import type { Plan } from './plan.ts'

/**
 * Refuses a plan that costs too much or lacks a purpose or a scope, before any data is loaded.
 * @param most that one query of this caller may cost.
 */
export function admitPlan(
  { grant, selection, touchesPersons }: Plan,
  cost: number,
  most: number,
): void {
  if (cost > most)
    throw new Refusal(
      'QUERY_TOO_COSTLY',
      `The query costs ${cost} where ${most} is the most; ask for smaller pages.`,
    )
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
    grant.isPartner ? {} : { scope: missing },
  )
}
