import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { PolicyError, type PolicyTables, type TableRows } from './domain/privacy/policy.ts'
import { standsOn } from './domain/privacy/table-rows.ts'

/**
 * Reads the policy tables of a folder: UTF-8 CSV with a header line.
 * @throws PolicyError naming the file that is missing or not a table.
 */
export function readPolicyTables(dir: string): PolicyTables {
  const rows = (table: string) => readTable(dir, `${table}.csv`)
  return {
    purposes: rows('purposes'),
    roles: rows('roles'),
    categories: rows('categories'),
    traits: rows('traits'),
    sources: rows('sources'),
    jurisdictions: rows('jurisdictions'),
    ...(existsSync(join(dir, 'retention.csv')) ? { retention: rows('retention') } : {}),
    ...(existsSync(join(dir, 'counts.csv')) ? { counts: rows('counts') } : {}),
    ...(existsSync(join(dir, 'retention-data.csv'))
      ? { dataRetention: rows('retention-data') }
      : {}),
    ...(existsSync(join(dir, 'words.csv')) ? { words: rows('words') } : {}),
    ...(existsSync(join(dir, 'notices.csv')) ? { notices: readNotices(dir) } : {}),
    ...(existsSync(join(dir, 'controller.csv')) ? { controller: rows('controller') } : {}),
  }
}

const NOTICE_FILE = /^[\w-]+(\.[\w-]+)*$/

/** Each row with the text that its column `file` names, a file of the folder `notices`. */
function readNotices(dir: string): TableRows {
  return readTable(dir, 'notices.csv').map((row) => {
    const file = row.file ?? ''
    if (!NOTICE_FILE.test(file))
      throw new PolicyError(`notices.csv: "${file}" is no name of a file of the folder notices`)
    try {
      return Object.assign(row, { text: readFileSync(join(dir, 'notices', file), 'utf8') })
    } catch (cause) {
      throw new PolicyError(`notices/${file}: can not be read from ${dir}`, { cause })
    }
  })
}

/**
 * One table: UTF-8 CSV with a header line.
 * @throws PolicyError where there is no such file, or it is no table.
 */
export function readTable(dir: string, file: string): TableRows {
  let text: string
  try {
    text = readFileSync(join(dir, file), 'utf8')
  } catch (cause) {
    const where = dir === '.' ? 'this folder' : dir
    throw new PolicyError(`${file}: can not be read from ${where}`, { cause })
  }
  try {
    return parse(text, {
      columns: distinctColumns,
      bom: true,
      skip_empty_lines: true,
      trim: true,
      on_record: (row: Record<string, string>, { lines }) => {
        standsOn(row, lines)
        return row
      },
    }) as TableRows
  } catch (cause) {
    throw new PolicyError(`${file}: ${(cause as Error).message}`, { cause })
  }
}

/** Of two columns of one name only the last would count. */
function distinctColumns(header: string[]): string[] {
  for (const [index, name] of header.entries()) {
    if (name === '') throw new Error(`line 1: column ${index + 1} has no name`)
    if (header.indexOf(name) < index)
      throw new Error(`line 1: column "${name}" stands twice; keep one`)
  }
  return header
}
