import type { Category } from '../../domain/privacy/categories.ts'
import type { Segment } from '../../domain/segments/rule.ts'
import { onlyOnBandEdges } from '../../domain/segments/rule-categories.ts'
import type { Plan } from './plan.ts'
import type { StateDecisions } from './state-decisions.ts'

const SEGMENT = 'user.derived.segment'

/** Segments whose every input may be told for this consent state; remembered per set of definitions. */
const remembered = new WeakMap<
  StateDecisions,
  { of: ReadonlyMap<string, Segment>; open: ReadonlyMap<string, Segment> }
>()

export function openSegments(
  decisions: StateDecisions,
  plan: Plan,
  defined: ReadonlyMap<string, Segment>,
): ReadonlyMap<string, Segment> {
  const known = remembered.get(decisions)
  if (known?.of === defined) return known.open
  const limitedTo = plan.grant.segments
  const open = new Map(
    [...defined].filter(
      ([key, segment]) =>
        (limitedTo === null || limitedTo.includes(key)) && isOpen(decisions, plan, segment),
    ),
  )
  remembered.set(decisions, { of: defined, open })
  return open
}

/** Whether all that a rule reads may be told, in CLEAR or on the edges of its bands. */
export function isOpen(
  decisions: Pick<StateDecisions, 'decide'>,
  plan: Plan,
  segment: Pick<Segment, 'rule' | 'categories'>,
): boolean {
  if (decisions.decide(SEGMENT).reason !== null) return false
  return segment.categories.every((category: Category) => {
    const { treatment } = decisions.decide(category)
    return (
      treatment === 'CLEAR' ||
      (treatment === 'GENERALISED' && onlyOnBandEdges(segment.rule, category, plan.policy))
    )
  })
}
