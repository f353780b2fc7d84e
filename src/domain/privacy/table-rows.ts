/** The rows of one table as read from its file: column name -> text. */
export type TableRows = readonly Readonly<Record<string, string>>[]

/** A table that can't be trusted; the message names the file, the row and what is wrong. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
}

/** One value per row under a key of its own; row numbers count the header. */
export function byKey<T>(
  file: string,
  rows: TableRows,
  column: string,
  read: (row: Readonly<Record<string, string>>, at: string) => T,
) {
  const table = new Map<string, T>()
  for (const [index, row] of rows.entries()) {
    const at = `${file} row ${index + 2}`
    const key = text(row, column, at)
    if (table.has(key)) throw new PolicyError(`${at}: "${key}" stands twice`)
    table.set(key, read(row, at))
  }
  return table as ReadonlyMap<string, T>
}

export function text(row: Readonly<Record<string, string>>, column: string, at: string): string {
  const value = row[column]?.trim()
  if (!value) throw new PolicyError(`${at}: column "${column}" is missing or empty`)
  return value
}

export function oneOf<T extends string>(
  row: Readonly<Record<string, string>>,
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
