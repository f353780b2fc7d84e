type Row = Readonly<Record<string, string>>
/** The rows of one table as read from its file: column name -> text. */
export type TableRows = readonly Row[]

/** A table that can't be trusted; the message names the file, the line, the column, what is wrong and what would be right. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
}

/** Beside the rows, not in them: the version of a policy is that of its cells, wherever they stand. */
const lines = new WeakMap<Row, number>()

/** Notes on which line of its file a row stands. */
export function standsOn(row: Row, line: number): void {
  lines.set(row, line)
}

/** `roles.csv line 7`; rows that were read from no file are counted below a header. */
export function placeOf(file: string, row: Row, index: number): string {
  return `${file} line ${lines.get(row) ?? index + 2}`
}

/**
 * A column that nobody reads is a rule that its author believes in; a column that is not there is one that they forgot.
 * @param optional those that may be missing.
 */
export function onlyColumns(
  file: string,
  rows: TableRows,
  columns: readonly (string | RegExp)[],
  optional: readonly string[] = [],
): void {
  for (const [index, row] of rows.entries()) {
    const at = placeOf(file, row, index)
    const known = [...columns, ...optional]
    for (const name of Object.keys(row))
      if (!known.some((one) => (typeof one === 'string' ? one === name : one.test(name))))
        throw new PolicyError(
          `${at}: there is no column "${name}"; the columns are ${known.map(columnText).join(', ')}`,
        )
    for (const name of columns)
      if (typeof name === 'string' && row[name] === undefined)
        throw new PolicyError(`${at}: column "${name}" is missing; add it`)
  }
}

const columnText = (column: string | RegExp) =>
  typeof column === 'string' ? column : column.source.replace(/[\^$]/g, '')

/** One value per row under a key of its own. */
export function byKey<T>(
  file: string,
  rows: TableRows,
  column: string,
  read: (row: Row, at: string) => T,
) {
  const table = new Map<string, T>()
  for (const [index, row] of rows.entries()) {
    const at = placeOf(file, row, index)
    const key = text(row, column, at)
    if (table.has(key)) throw new PolicyError(`${at}: "${key}" stands twice; keep one row`)
    table.set(key, read(row, at))
  }
  return table as ReadonlyMap<string, T>
}

export function text(row: Row, column: string, at: string): string {
  const value = row[column]?.trim()
  if (!value) throw new PolicyError(`${at}: column "${column}" is missing or empty; fill it in`)
  return value
}

export function oneOf<T extends string>(
  row: Row,
  column: string,
  allowed: readonly T[],
  at: string,
): T {
  const value = text(row, column, at)
  const found = allowed.find((one) => one === value)
  if (!found)
    throw new PolicyError(`${at}: ${column} is "${value}", expected one of ${allowed.join(', ')}`)
  return found
}

export function words(value: string | undefined): string[] {
  return (value ?? '').split(/\s+/).filter((word) => word !== '')
}
