import type { Segment } from '../../domain/segments/rule.ts'
import { isOpen } from './open-segments.ts'
import type { Plan } from './plan.ts'
import { staticDecision } from './state-decisions.ts'

/** Partners are told only of segments that they could be told of about somebody: a name may be the rule in words. */
export function mayKnowSegment(plan: Plan, segment: Segment): boolean {
  const { segments, scopes, isPartner } = plan.grant
  if (!scopes.has('segments:read') || (segments !== null && !segments.includes(segment.key)))
    return false
  return !isPartner || couldBeOpen(plan, segment)
}

/** Whether all that a rule reads could be told this caller of somebody who has agreed to everything. */
export function couldBeOpen(plan: Plan, segment: Pick<Segment, 'rule' | 'categories'>): boolean {
  return isOpen({ decide: (category) => staticDecision(plan, category) }, plan, segment)
}
