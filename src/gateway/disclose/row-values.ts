import type { Category } from '../../domain/privacy/categories.ts'
import type { PlainGroups, ReadRow } from '../../domain/profiles/read-model.ts'
import type { Instant } from '../../kernel/time.ts'

/** One row as a field reads it: plain groups, and sealed ones opened on demand and only for their category. */
export interface RowValues {
  readonly plain: PlainGroups
  readonly sealed: (category: Category) => Readonly<Record<string, unknown>>
  readonly now: Instant
}

const NOTHING = {}

/** The plain groups of a row; those that were not loaded are empty. */
export function plainGroupsOf(row: ReadRow): PlainGroups {
  return {
    demographics: row.demographics ?? NOTHING,
    location: row.location ?? NOTHING,
    account: row.account ?? NOTHING,
    activity: row.activity ?? NOTHING,
    device: row.device ?? NOTHING,
    commerce: row.commerce ?? NOTHING,
    custom: row.custom ?? NOTHING,
  }
}
