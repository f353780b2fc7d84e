import type { Policy } from '../privacy/policy.ts'
import type { FieldType } from './feature-fields.ts'
import type { ComparisonOperator, RuleConstant } from './rule.ts'
import { type RawNode, RuleError } from './rule-error.ts'
import type { RuleField } from './rule-fields.ts'
import type { RuleLeaf } from './rule-tree.ts'

const MAX_CHARACTERS = 200
const MAX_CONSTANTS = 100
const MAX_COUNT = 1_000_000
/** A hundred years. */
const MAX_DAYS = 36_525

const EQUALITY: readonly ComparisonOperator[] = ['=', '!=', 'in']
const ORDER: readonly ComparisonOperator[] = ['=', '!=', '>', '>=', '<', '<=', 'in']
const OPERATORS: Readonly<Record<FieldType, readonly string[]>> = {
  text: [...EQUALITY, 'known'],
  list: [...EQUALITY, 'known'],
  boolean: ['=', '!=', 'known'],
  number: [...ORDER, 'known'],
  date: [...ORDER, 'known', 'olderThan', 'newerThan'],
  instant: [...ORDER, 'known', 'olderThan', 'newerThan'],
}

type EventCondition = Extract<RuleLeaf, { event: string }>
type FieldCondition = Exclude<RuleLeaf, EventCondition>

export function parseEventCondition(node: RawNode, place: string): EventCondition {
  const { is, count, withinDays = null } = node
  if (is !== 'atLeast' && is !== 'atMost')
    throw new RuleError(`${place}.is`, 'must be atLeast or atMost')
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > MAX_COUNT)
    throw new RuleError(`${place}.count`, `must be a whole number from 0 to ${MAX_COUNT}`)
  return {
    event: text(node.event, `${place}.event`),
    is,
    count,
    withinDays: withinDays === null ? null : days(withinDays, `${place}.withinDays`),
  }
}

export function parseFieldCondition(
  node: RawNode,
  place: string,
  { policy, fields }: { policy: Policy; fields: ReadonlyMap<string, RuleField> },
): FieldCondition {
  const name = text(node.field, `${place}.field`)
  const field = fields.get(name)
  if (!field) {
    const sealed = policy.traits.get(name)?.sealed
    throw new RuleError(
      `${place}.field`,
      sealed ? 'this trait is kept in the vault; no rule may read it' : 'no such field',
    )
  }
  const allowed = OPERATORS[field.type]
  const is = allowed.find((one) => one === node.is)
  if (is === undefined)
    throw new RuleError(`${place}.is`, `must be one of ${allowed.join(', ')} for ${name}`)
  if (is === 'known') return { field: name, is }
  if (is === 'olderThan' || is === 'newerThan')
    return { field: name, is, days: days(node.days, `${place}.days`) }
  const operator = is as ComparisonOperator
  return { field: name, is: operator, value: constant(node.value, operator, field.type, place) }
}

function constant(
  value: unknown,
  is: ComparisonOperator,
  type: FieldType,
  place: string,
): RuleConstant {
  const at = `${place}.value`
  if (is !== 'in') return scalar(value, type, at)
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_CONSTANTS)
    throw new RuleError(at, `must be a list of 1 to ${MAX_CONSTANTS} values`)
  return value.map((one, index) => scalar(one, type, `${at}[${index}]`) as string | number)
}

function scalar(value: unknown, type: FieldType, place: string): string | number | boolean {
  switch (type) {
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value))
        throw new RuleError(place, 'must be a number')
      return value
    case 'boolean':
      if (typeof value !== 'boolean') throw new RuleError(place, 'must be true or false')
      return value
    case 'instant':
      return instant(value, place)
    case 'date':
      if (typeof value !== 'string' || !isDate(value))
        throw new RuleError(place, 'must be a date as YYYY-MM-DD')
      return value
    default:
      return text(value, place)
  }
}

const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/

function instant(value: unknown, place: string): number {
  const at = typeof value === 'string' && ISO_INSTANT.test(value) ? Date.parse(value) : value
  if (typeof at !== 'number' || !Number.isSafeInteger(at))
    throw new RuleError(place, 'must be an instant in ISO 8601 with its zone, or in milliseconds')
  return at
}

function isDate(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  const at = Date.parse(value)
  // 30 February parses as a day in March.
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value)
}

function days(value: unknown, place: string): number {
  if (typeof value !== 'number' || !(value > 0) || value > MAX_DAYS)
    throw new RuleError(place, `must be a number of days above 0, at most ${MAX_DAYS}`)
  return value
}

// A zero byte or half of a surrogate pair can't be stored as text, so nothing can equal it.
const UNSTORABLE = /\0|\p{Surrogate}/u

function text(value: unknown, place: string): string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_CHARACTERS)
    throw new RuleError(place, `must be a text of 1 to ${MAX_CHARACTERS} characters`)
  if (UNSTORABLE.test(value)) throw new RuleError(place, 'holds characters that no text can hold')
  return value
}
