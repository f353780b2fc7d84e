import { onlyColumns, type TableRows } from './table-rows.ts'

/** Columns of purposes.csv that say how consent works in a jurisdiction: `mechanism_eu`. */
export const MECHANISM_COLUMN = 'mechanism_'
/** One word: purposes.csv separates roles by spaces. */
const ROLE = /^[A-Za-z][\w-]*$/

const PURPOSES = [
  'purpose',
  'data_use',
  'dpv',
  'legal_basis',
  'names_recipient',
  new RegExp(`^${MECHANISM_COLUMN}\\w+$`),
  'signals',
  'roles',
  'categories',
]

/** @throws PolicyError on a column that no table has, or that a table lacks. */
export function checkColumns(tables: {
  readonly purposes: TableRows
  readonly roles: TableRows
  readonly categories: TableRows
  readonly traits: TableRows
  readonly sources: TableRows
  readonly jurisdictions: TableRows
  readonly words?: TableRows
}): void {
  onlyColumns('purposes.csv', tables.purposes, PURPOSES)
  onlyColumns('roles.csv', tables.roles, ['category', ROLE])
  onlyColumns('categories.csv', tables.categories, ['category', 'sensitivity', 'store'])
  onlyColumns('traits.csv', tables.traits, ['key', 'category', 'type', 'survivorship'])
  onlyColumns('sources.csv', tables.sources, ['source', 'kind', 'priority', 'verified'])
  onlyColumns('jurisdictions.csv', tables.jurisdictions, ['country', 'mechanism'])
  onlyColumns('words.csv', tables.words ?? [], ['purpose', 'in_words'])
}
