import type { Policy } from '../privacy/policy.ts'
import { parseEventCondition, parseFieldCondition } from './parse-condition.ts'
import type { SegmentRule } from './rule.ts'
import { type RawNode, RuleError } from './rule-error.ts'
import { ruleFields } from './rule-fields.ts'

/** Deeper or larger trees are not written by people, and cost every evaluation. */
const MAX_DEPTH = 10
const MAX_NODES = 100

/**
 * A rule from untrusted JSON. Fields are those of `ruleFields(policy)`; an instant may be given as ISO 8601 text and is
 * kept as epoch milliseconds.
 * @throws RuleError naming the place in the tree, such as `rule.all[1].not`
 */
export function parseRule(json: unknown, policy: Policy): SegmentRule {
  const context = { policy, fields: ruleFields(policy) }
  let nodes = 0

  const parseChildren = (value: unknown, place: string, depth: number): SegmentRule[] => {
    if (!Array.isArray(value) || value.length === 0)
      throw new RuleError(place, 'must be a list of at least one condition')
    return value.map((child, index) => parseNode(child, `${place}[${index}]`, depth))
  }

  const parseNode = (value: unknown, place: string, depth: number): SegmentRule => {
    nodes += 1
    if (nodes > MAX_NODES) throw new RuleError(place, `more than ${MAX_NODES} conditions`)
    if (depth > MAX_DEPTH) throw new RuleError(place, `deeper than ${MAX_DEPTH} levels`)
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new RuleError(place, 'must be an object')
    const node = value as RawNode
    switch (kindOf(node, place)) {
      case 'all':
        only(node, ['all'], place)
        return { all: parseChildren(node.all, `${place}.all`, depth + 1) }
      case 'any':
        only(node, ['any'], place)
        return { any: parseChildren(node.any, `${place}.any`, depth + 1) }
      case 'not':
        only(node, ['not'], place)
        return { not: parseNode(node.not, `${place}.not`, depth + 1) }
      case 'event':
        only(node, ['event', 'is', 'count', 'withinDays'], place)
        return parseEventCondition(node, place)
      case 'field': {
        const condition = parseFieldCondition(node, place, context)
        only(node, Object.keys(condition), place)
        return condition
      }
    }
  }
  return parseNode(json, 'rule', 1)
}

const KINDS = ['all', 'any', 'not', 'event', 'field'] as const

function kindOf(node: RawNode, place: string): (typeof KINDS)[number] {
  const [kind, another] = KINDS.filter((one) => Object.hasOwn(node, one))
  if (kind === undefined) throw new RuleError(place, `needs one of ${KINDS.join(', ')}`)
  if (another !== undefined) throw new RuleError(place, `has both ${kind} and ${another}`)
  return kind
}

function only(node: RawNode, allowed: readonly string[], place: string): void {
  if (Object.keys(node).some((key) => !allowed.includes(key)))
    throw new RuleError(place, `may only have ${allowed.join(', ')}`)
}
