import { parse } from 'csv-parse/sync'
import type { Line } from './import-lines.ts'

/** A row as it was read: fields by column name, or why it could not be read. */
export type FileRecord =
  | { readonly rowNumber: number; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly rowNumber: number; readonly malformed: string; readonly payload: string }

/** Turns lines into rows, in order; rows are numbered from 1, the header and blank lines are not counted. */
export interface RecordReader {
  read(lines: readonly Line[]): FileRecord[]
  /** What was waiting for the rest of a quoted field. */
  end(): FileRecord[]
}

/** The most of a bad row that is kept to repair it. */
const PAYLOAD_CHARACTERS = 64 * 1024
/** A quoted field may hold line breaks, but a quote that is never closed must not swallow the file. */
const MOST_LINES_OF_A_ROW = 50

const TOO_LONG = 'is longer than 1 MB'
const BYTE_ORDER_MARK = '\uFEFF'

/** Decodes one line; null when its bytes are no text of the encoding. */
type Decode = (line: Buffer) => string | null

/** @throws RangeError for an encoding that is not known. */
export function decoderOf(encoding: string): Decode {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  return (line) => {
    try {
      return decoder.decode(line)
    } catch {
      return null
    }
  }
}

/** One JSON object per line. */
export class NdjsonReader implements RecordReader {
  readonly #decode: Decode
  #rows = 0

  constructor(decode: Decode) {
    this.#decode = decode
  }

  read(lines: readonly Line[]): FileRecord[] {
    return lines.flatMap((line) => {
      const text = textOf(line, this.#decode)
      if ('text' in text && text.text.trim() === '') return []
      const rowNumber = ++this.#rows
      if ('malformed' in text) return [{ rowNumber, ...text }]
      const fields = objectOf(text.text)
      return fields
        ? [{ rowNumber, fields }]
        : [malformed(rowNumber, 'is not a JSON object', text.text)]
    })
  }

  end(): FileRecord[] {
    return []
  }
}

export interface CsvShape {
  readonly delimiter: string
  /** Null: the first row names them. */
  readonly columns: readonly string[] | null
}

/** RFC 4180 with any delimiter. A row that is no CSV costs that row, never the rows behind it. */
export class CsvReader implements RecordReader {
  readonly #decode: Decode
  readonly #delimiter: string
  #columns: readonly string[] | null
  #rows = 0
  /** Lines of a row whose quoted field is still open. */
  #open: string[] = []

  constructor(decode: Decode, { delimiter, columns }: CsvShape) {
    this.#decode = decode
    this.#delimiter = delimiter
    this.#columns = columns
  }

  read(lines: readonly Line[]): FileRecord[] {
    const rows: (string | { malformed: string; payload: string })[] = []
    for (const line of lines) {
      const text = textOf(line, this.#decode)
      if ('malformed' in text) rows.push(...this.#giveUp(), text)
      else rows.push(...this.#join(text.text))
    }
    return this.#records(rows)
  }

  end(): FileRecord[] {
    return this.#records(this.#giveUp())
  }

  /** Complete rows, once this line has come. */
  #join(line: string): (string | { malformed: string; payload: string })[] {
    if (this.#open.length === 0 && !line.includes('"')) return line === '' ? [] : [line]
    this.#open.push(line)
    const quotes = quotesOf(this.#open.join('\n'), this.#delimiter)
    // A quote that closes lines later may as well be the opening quote of another row.
    const astray = quotes === 'stray' && this.#open.length > 1
    if (astray || this.#open.length > MOST_LINES_OF_A_ROW) return this.#giveUp()
    if (quotes === 'open') return []
    const row = this.#open.join('\n')
    this.#open = []
    return [row]
  }

  /** The line that opened the quote is bad; those behind it are read as if it had not been there. */
  #giveUp(): (string | { malformed: string; payload: string })[] {
    const [bad, ...others] = this.#open
    if (bad === undefined) return []
    this.#open = []
    const payload = bad.slice(0, PAYLOAD_CHARACTERS)
    const rest = others.flatMap((line) => this.#join(line))
    return [{ malformed: 'opens a quote that is not closed', payload }, ...rest, ...this.#giveUp()]
  }

  #records(rows: readonly (string | { malformed: string; payload: string })[]): FileRecord[] {
    const texts = rows.filter((row) => typeof row === 'string')
    const parsed = parseAll(texts, this.#delimiter).values()
    const records: FileRecord[] = []
    for (const row of rows) {
      const values = typeof row === 'string' ? parsed.next().value : undefined
      if (values && this.#columns === null) this.#columns = named(values)
      else records.push(this.#record(row, values))
    }
    return records
  }

  #record(
    row: string | { malformed: string; payload: string },
    values: readonly string[] | null | undefined,
  ): FileRecord {
    const rowNumber = ++this.#rows
    if (typeof row !== 'string') return { rowNumber, ...row }
    if (!values) return malformed(rowNumber, 'is not CSV', row)
    const columns = this.#columns ?? []
    if (values.length !== columns.length)
      return malformed(rowNumber, `has ${values.length} columns instead of ${columns.length}`, row)
    return { rowNumber, fields: Object.fromEntries(columns.map((name, i) => [name, values[i]])) }
  }
}

function named(header: readonly string[]): readonly string[] {
  return header.map((name) => name.trim())
}

/** Values by row; null for a row that can't be parsed. Together they are parsed fast, alone only when one of them is bad. */
function parseAll(rows: readonly string[], delimiter: string): (readonly string[] | null)[] {
  const together = parseCsv(rows.join('\n'), delimiter)
  if (together?.length === rows.length) return together
  return rows.map((row) => {
    const alone = parseCsv(row, delimiter)
    return alone?.length === 1 ? (alone[0] ?? null) : null
  })
}

function parseCsv(text: string, delimiter: string): string[][] | null {
  try {
    return parse(text, {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      record_delimiter: '\n',
    })
  } catch {
    return null
  }
}

/**
 * How the quoted fields of a text end: all closed, the last one still open, or with quotes inside that are neither
 * doubled nor at an end.
 */
function quotesOf(text: string, delimiter: string): 'closed' | 'open' | 'stray' {
  let stray = false
  let at = 0
  while (at < text.length) {
    if (text[at] === '"') {
      const close = closingQuote(text, at + 1, delimiter)
      stray ||= close.stray
      if (close.at < 0) return stray ? 'stray' : 'open'
      at = close.at + 1
    }
    const next = text.indexOf(delimiter, at)
    if (next < 0) break
    at = next + delimiter.length
  }
  return stray ? 'stray' : 'closed'
}

function closingQuote(
  text: string,
  from: number,
  delimiter: string,
): { readonly at: number; readonly stray: boolean } {
  let stray = false
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at)) {
    if (text[at + 1] === '"') at += 2
    else if (at + 1 === text.length || text.startsWith(delimiter, at + 1)) return { at, stray }
    else {
      stray = true
      at += 1
    }
  }
  return { at: -1, stray }
}

function textOf(
  line: Line,
  decode: Decode,
): { readonly text: string } | { readonly malformed: string; readonly payload: string } {
  if (line === null) return { malformed: TOO_LONG, payload: '' }
  const text = decode(line)
  if (text !== null) return { text: text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text }
  const payload = line.toString('latin1').slice(0, PAYLOAD_CHARACTERS)
  return { malformed: 'is not text in the encoding of the file', payload }
}

function malformed(rowNumber: number, reason: string, text: string): FileRecord {
  return { rowNumber, malformed: reason, payload: text.slice(0, PAYLOAD_CHARACTERS) }
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null
  } catch {
    return null
  }
}
