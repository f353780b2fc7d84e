import { DAY, type Instant } from '../../kernel/time.ts'
import { type Category, longestPrefix } from './categories.ts'
import { type CategoryDefinition, PolicyError, type TableRows } from './policy.ts'
import { placeOf } from './table-rows.ts'

/** Rows that came in and could not be used. */
export const QUARANTINE = 'quarantine'

/** How long data is kept after it came in: by data category, or `quarantine`; in days, null: as long as the person is known. */
export type DataRetention = ReadonlyMap<string, number | null>

const DAYS = /^([1-9]\d{0,5}|forever)$/

/**
 * retention-data.csv: the longest prefix of a category wins; what no row covers is kept as long as the person is known.
 * @throws PolicyError naming the row.
 */
export function compileDataRetention(
  rows: TableRows,
  categories: ReadonlyMap<Category, CategoryDefinition>,
): DataRetention {
  const rules = new Map<string, number | null>()
  for (const [index, row] of rows.entries()) {
    const at = placeOf('retention-data.csv', row, index)
    const { data = '', keep_days: days = '' } = row
    if (data !== QUARANTINE && !longestPrefix(categories, data))
      throw new PolicyError(`${at}: "${data}" is no category of categories.csv, nor ${QUARANTINE}`)
    if (rules.has(data)) throw new PolicyError(`${at}: "${data}" stands twice`)
    if (!DAYS.test(days))
      throw new PolicyError(`${at}: keep_days is "${days}", expected days or forever`)
    rules.set(data, days === 'forever' ? null : Number(days))
  }
  return rules
}

/** Days for which a category is kept; null: as long as the person is known. */
export function keptDays(rules: DataRetention, category: Category): number | null {
  return longestPrefix(rules, category) ?? null
}

/** What came in before this instant is too old; null: nothing is. */
export function keptSince(rules: DataRetention, category: Category, now: Instant): Instant | null {
  const days = keptDays(rules, category)
  return days === null ? null : now - days * DAY
}
