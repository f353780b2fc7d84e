import type { Category } from '../../domain/privacy/categories.ts'
import type { PlainGroups } from '../../domain/profiles/read-model.ts'
import type { Instant } from '../../kernel/time.ts'

/** One row as a field reads it: plain groups, and sealed ones opened on demand and only for their category. */
export interface RowValues {
  readonly plain: PlainGroups
  readonly sealed: (category: Category) => Readonly<Record<string, unknown>>
  readonly now: Instant
}
