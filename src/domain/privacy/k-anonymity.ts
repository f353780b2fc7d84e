/** A row of an export: column to text. */
export type ExportedRow = Readonly<Record<string, string>>

/** Rows that look alike by the columns by which somebody could be recognised. */
export interface AnonymityClass {
  readonly values: readonly string[]
  readonly rows: number
  /** Distinct values of the sensitive column; null where none is named. */
  readonly diversity: number | null
}

export interface AnonymityReport {
  readonly rows: number
  readonly classes: number
  /** Rows of the smallest class: the k of k-anonymity (Samarati and Sweeney 1998). 0: no rows. */
  readonly smallest: number
  /** Fewest distinct sensitive values of any class: the l of l-diversity (Machanavajjhala et al. 2007). */
  readonly diversity: number | null
  /** Classes with fewer than k rows, smallest first: to be suppressed, unless columns are made coarser. */
  readonly below: readonly AnonymityClass[]
  /** Classes in which everybody has the same sensitive value, although there are k of them. */
  readonly uniform: readonly AnonymityClass[]
  /** Rows that would still be below k if one column were left out, best first. */
  readonly without: readonly { readonly column: string; readonly rowsBelow: number }[]
}

export interface AnonymityQuestion {
  /** Columns by which somebody could be recognised (quasi-identifiers). */
  readonly quasi: readonly string[]
  readonly sensitive: string | null
  readonly k: number
}

/** How many people each row of an export could be about. */
export function kAnonymity(
  rows: readonly ExportedRow[],
  { quasi, sensitive, k }: AnonymityQuestion,
): AnonymityReport {
  const classes = classesOf(rows, quasi, sensitive)
  const below = classes.filter((one) => one.rows < k).sort((a, b) => a.rows - b.rows)
  return {
    rows: rows.length,
    classes: classes.length,
    smallest: least(classes.map((one) => one.rows)),
    diversity: sensitive === null ? null : least(classes.map((one) => one.diversity ?? 0)),
    below,
    uniform: classes.filter((one) => one.rows >= k && one.diversity === 1),
    without:
      below.length === 0
        ? []
        : quasi
            .map((column) => ({
              column,
              rowsBelow: rowsBelow(
                classesOf(
                  rows,
                  quasi.filter((one) => one !== column),
                  null,
                ),
                k,
              ),
            }))
            .sort((a, b) => a.rowsBelow - b.rowsBelow),
  }
}

/**
 * What two exports tell together: classes of which one export holds 1 to k - 1 rows that the other does not. By the
 * column `id` where rows of both name the same people alike; else by numbers, which miss as many as came for as many
 * that went.
 */
export function isolatedBetween(
  first: readonly ExportedRow[],
  second: readonly ExportedRow[],
  { quasi, k, id }: Pick<AnonymityQuestion, 'quasi' | 'k'> & { readonly id: string | null },
): readonly AnonymityClass[] {
  const [one, other] = [grouped(first, quasi), grouped(second, quasi)]
  const isolated: AnonymityClass[] = []
  for (const key of new Set([...one.keys(), ...other.keys()])) {
    const [here, there] = [one.get(key) ?? [], other.get(key) ?? []]
    const values = JSON.parse(key) as string[]
    for (const rows of onlyIn(here, there, id))
      if (rows > 0 && rows < k) isolated.push({ values, rows, diversity: null })
  }
  return isolated.sort((a, b) => a.rows - b.rows)
}

/** Rows that only the first, and only the second holds. */
function onlyIn(
  here: readonly ExportedRow[],
  there: readonly ExportedRow[],
  id: string | null,
): readonly [number, number] {
  if (id === null)
    return [Math.max(0, here.length - there.length), Math.max(0, there.length - here.length)]
  const [ids, others] = [here, there].map((rows) => new Set(rows.map((row) => row[id] ?? '')))
  const missing = (from: Set<string> | undefined, inside: Set<string> | undefined) =>
    [...(from ?? [])].filter((one) => !inside?.has(one)).length
  return [missing(ids, others), missing(others, ids)]
}

function classesOf(
  rows: readonly ExportedRow[],
  quasi: readonly string[],
  sensitive: string | null,
): AnonymityClass[] {
  return [...grouped(rows, quasi)].map(([key, members]) => ({
    values: JSON.parse(key) as string[],
    rows: members.length,
    diversity: sensitive === null ? null : new Set(members.map((row) => row[sensitive] ?? '')).size,
  }))
}

function grouped(
  rows: readonly ExportedRow[],
  quasi: readonly string[],
): ReadonlyMap<string, ExportedRow[]> {
  const groups = new Map<string, ExportedRow[]>()
  for (const row of rows) {
    const key = JSON.stringify(quasi.map((column) => row[column] ?? ''))
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  return groups
}

function rowsBelow(classes: readonly AnonymityClass[], k: number): number {
  return classes.reduce((sum, { rows }) => sum + (rows < k ? rows : 0), 0)
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.min(one, other), numbers[0] ?? 0)
}
