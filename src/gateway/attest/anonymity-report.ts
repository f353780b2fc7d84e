import {
  type AnonymityClass,
  type AnonymityQuestion,
  type AnonymityReport,
  type ExportedRow,
  isolatedBetween,
  kAnonymity,
} from '../../domain/privacy/k-anonymity.ts'
import { Refusal } from '../../kernel/refusal.ts'

export interface ExportCheck extends AnonymityReport {
  /** Of two exports: what they tell together about fewer than k people; null where one was given. */
  readonly isolated: readonly AnonymityClass[] | null
  /** Nobody can be told from fewer than k - 1 others. */
  readonly holds: boolean
}

/**
 * Checks rows that are about to leave the house, alone and with rows that left it before.
 * @throws Refusal BAD_USER_INPUT where a column is not in an export.
 */
export function checkExport(
  rows: readonly ExportedRow[],
  asked: AnonymityQuestion & {
    readonly before: readonly ExportedRow[] | null
    readonly id: string | null
  },
): ExportCheck {
  const { quasi, sensitive, id, before } = asked
  const columns = [...quasi, ...(id === null ? [] : [id])]
  needsColumns(rows, [...columns, ...(sensitive === null ? [] : [sensitive])])
  if (before) needsColumns(before, columns)
  const report = kAnonymity(rows, asked)
  const isolated = before && isolatedBetween(rows, before, asked)
  return { ...report, isolated, holds: report.below.length === 0 && !isolated?.length }
}

function needsColumns([row]: readonly ExportedRow[], columns: readonly string[]): void {
  const missing = row ? columns.filter((column) => !Object.hasOwn(row, column)) : []
  if (missing.length > 0)
    throw new Refusal('BAD_USER_INPUT', `There is no column ${missing.join(', ')}.`)
}
