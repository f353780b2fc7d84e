import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import Table from 'cli-table3'
import { type Command, InvalidArgumentError } from 'commander'
import { parse } from 'csv-parse'
import { checkExport, type ExportCheck } from '../../gateway/attest/anonymity-report.ts'
import { Refusal } from '../../kernel/refusal.ts'

/** Classes that are listed; the rest is only counted. */
const LISTED = 20
/** At least so many people have to look alike. */
const K = 10

interface Options {
  readonly quasi: string[]
  readonly sensitive?: string
  readonly k: number
  readonly with?: string
  readonly id?: string
  readonly json?: true
}

/** `bauta report k-anonymity`: whether rows can leave without pointing at somebody. Exits with 1 where they can not. */
export function registerAnonymityReport(report: Command, print: (text: string) => void): void {
  report
    .command('k-anonymity')
    .description('check that nobody stands out in a CSV file before it is handed over')
    .argument('<file>', 'CSV with a header line, one person a row')
    .requiredOption('--quasi <columns>', 'columns by which somebody could be recognised', columns)
    .option('--sensitive <column>', 'column that must differ among those who look alike')
    .option('--k <number>', 'at least so many must look alike', wholeNumber, K)
    .option('--with <file>', 'an export that was handed over before: what both tell together')
    .option('--id <column>', 'column that names the same person alike in both exports')
    .option('--json', 'print JSON')
    .action(async (file: string, options: Options) => {
      const check = checkExport(await readRows(file), {
        quasi: options.quasi,
        sensitive: options.sensitive ?? null,
        k: options.k,
        before: options.with === undefined ? null : await readRows(options.with),
        id: options.id ?? null,
      })
      print(options.json ? JSON.stringify(check, null, 2) : textOf(check, options))
      if (!check.holds) process.exitCode = 1
    })
}

function textOf(check: ExportCheck, { k, quasi }: Options): string {
  const { rows, classes, smallest, diversity, below, uniform, without, isolated } = check
  const belowRows = below.reduce((sum, one) => sum + one.rows, 0)
  return [
    `${rows} rows, ${classes} classes; the smallest has ${smallest}: ${smallest}-anonymous`,
    ...(diversity === null ? [] : [`sensitive column: at least ${diversity} values a class`]),
    ...(uniform.length > 0
      ? [`${uniform.length} classes tell the sensitive value of everybody in them`]
      : []),
    ...(below.length === 0
      ? [`nobody stands out: every class has ${k} rows or more`]
      : [
          `${belowRows} rows in ${below.length} classes stand out: suppress them, or make columns coarser`,
          tableOf(below, quasi),
          ...without.map(
            ({ column, rowsBelow }) => `without ${column}: ${rowsBelow} rows would stand out`,
          ),
        ]),
    ...(isolated === null
      ? []
      : isolated.length === 0
        ? ['together with the other export nobody stands out']
        : ['together with the other export these stand out:', tableOf(isolated, quasi)]),
  ].join('\n')
}

function tableOf(
  classes: readonly { readonly values: readonly string[]; readonly rows: number }[],
  quasi: readonly string[],
): string {
  const table = new Table({ head: [...quasi, 'rows'], style: { head: [], border: [] } })
  for (const { values, rows } of classes.slice(0, LISTED)) table.push([...values, String(rows)])
  const more = classes.length - LISTED
  return more > 0 ? `${table.toString()}\nand ${more} more` : table.toString()
}

async function readRows(file: string): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = []
  try {
    const parser = createReadStream(file).compose(parse({ columns: true, bom: true }))
    for await (const row of parser as AsyncIterable<Record<string, string>>) rows.push(row)
  } catch (cause) {
    const name = basename(file)
    throw new Refusal('BAD_USER_INPUT', `${name}: can not be read as CSV.`, { cause })
  }
  return rows
}

function columns(text: string): string[] {
  const named = text.split(',').map((one) => one.trim())
  if (named.some((one) => one === '')) throw new InvalidArgumentError('must be names, with commas.')
  return named
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 2)
    throw new InvalidArgumentError('must be a whole number above 1.')
  return value
}
