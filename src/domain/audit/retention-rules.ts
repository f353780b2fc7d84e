import { PolicyError, type TableRows } from '../privacy/policy.ts'
import { placeOf } from '../privacy/table-rows.ts'
import type { AuditEntry } from './entry.ts'
import { DISCARDED } from './retention.ts'

/** A class of entries and how long their bytes are kept. */
export interface RetentionRule {
  readonly class: string
  /** `*`: any. */
  readonly phase: string
  readonly outcome: string
  /** Name of an action, `*` for any or none, or a beginning such as `token.*`. */
  readonly action: string
  /** Days since the entry was made; null: for ever. */
  readonly days: number | null
}

/** What says that the trail changed can not be dropped from it: without it nobody could tell a loss from a theft. */
const KEPT = [DISCARDED, 'audit.fork']
const PHASES = ['decision', 'export', 'admin', '*']
const OUTCOMES = ['permit', 'deny', 'error', '*']

/** @throws PolicyError naming the row of retention.csv. */
export function compileRetention(rows: TableRows): readonly RetentionRule[] {
  const classes = new Set<string>()
  return rows.map((row, index) => {
    const at = placeOf('retention.csv', row, index)
    const rule = {
      class: column(row, 'class', /^[a-z][a-z-]{0,39}$/, at),
      phase: oneOf(row, 'phase', PHASES, at),
      outcome: oneOf(row, 'outcome', OUTCOMES, at),
      action: column(row, 'action', /^(\*|[a-z][a-z.-]*\*?)$/, at),
      days: daysOf(column(row, 'keep_days', /^([1-9]\d{0,5}|forever)$/, at)),
    }
    if (classes.has(rule.class)) throw new PolicyError(`${at}: "${rule.class}" stands twice`)
    classes.add(rule.class)
    return rule
  })
}

/** The first rule that fits; null: none does, or the entry is one that stays whatever the table says. */
export function ruleFor(
  rules: readonly RetentionRule[],
  { phase, outcome, action }: Pick<AuditEntry, 'phase' | 'outcome' | 'action'>,
): RetentionRule | null {
  const name = typeof action?.action === 'string' ? action.action : ''
  if (KEPT.includes(name)) return null
  const found = rules.find(
    (rule) =>
      (rule.phase === '*' || rule.phase === phase) &&
      (rule.outcome === '*' || rule.outcome === outcome) &&
      fits(rule.action, name),
  )
  return found ?? null
}

function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

function daysOf(text: string): number | null {
  return text === 'forever' ? null : Number(text)
}

function oneOf(
  row: TableRows[number],
  name: string,
  allowed: readonly string[],
  at: string,
): string {
  const value = row[name] ?? ''
  if (!allowed.includes(value))
    throw new PolicyError(`${at}: ${name} is "${value}", expected one of ${allowed.join(', ')}`)
  return value
}

function column(row: TableRows[number], name: string, form: RegExp, at: string): string {
  const value = row[name] ?? ''
  if (!form.test(value)) throw new PolicyError(`${at}: ${name} is "${value}", which it can not be`)
  return value
}
