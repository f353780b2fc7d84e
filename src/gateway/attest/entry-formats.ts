import { stringify } from 'csv-stringify/sync'
import type { TrailLeaf } from '../../domain/audit/audit-leaves.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import { discardedLine } from '../../domain/audit/export-folder.ts'
import { ocsfOf } from '../../domain/audit/ocsf.ts'

/** How entries can be written. Only `ndjson` holds the bytes that can be verified. */
export const exportFormats = ['ndjson', 'csv', 'ocsf'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** Writes pages of entries, page by page. */
export interface EntryFormat {
  readonly mediaType: string
  /** Beside `entries.jsonl` in a folder. */
  readonly file: string
  /** What stands before the first entry. */
  readonly head: string
  page(leaves: readonly TrailLeaf[]): Uint8Array
}

const NEWLINE = Buffer.from('\n')

const COLUMNS = [
  'index',
  'time',
  'phase',
  'outcome',
  'code',
  'client',
  'roles',
  'audience',
  'purpose',
  'legalBasis',
  'operation',
  'action',
  'policy',
  'people',
  'disclosed',
  'entryId',
  'requestId',
  'leafHash',
] as const

export const entryFormats: Readonly<Record<ExportFormat, EntryFormat>> = {
  ndjson: {
    mediaType: 'application/x-ndjson',
    file: 'entries.jsonl',
    head: '',
    page: (leaves) =>
      Buffer.concat(
        leaves.flatMap(({ bytes, hash }) => [bytes ?? Buffer.from(discardedLine(hash)), NEWLINE]),
      ),
  },
  csv: {
    mediaType: 'text/csv; charset=utf-8; header=present',
    file: 'entries.csv',
    head: csv([COLUMNS]),
    page: (leaves) => Buffer.from(csv(leaves.map(rowOf))),
  },
  ocsf: {
    mediaType: 'application/x-ndjson',
    file: 'entries.ocsf.jsonl',
    head: '',
    page: (leaves) =>
      Buffer.from(
        leaves
          .flatMap((leaf) => {
            const entry = entryIn(leaf)
            return entry ? `${JSON.stringify(ocsfOf(entry, leaf.index))}\n` : []
          })
          .join(''),
      ),
  },
}

/** Cells that a spreadsheet would take for formulas get an apostrophe. */
function csv(rows: readonly (readonly unknown[])[]): string {
  return stringify(
    rows.map((row) => [...row]),
    { escape_formulas: true, record_delimiter: 'windows' },
  )
}

/** An entry of a form that is not known any more, or that was discarded, has a number and a hash and nothing else. */
function rowOf(leaf: TrailLeaf): readonly unknown[] {
  const entry = entryIn(leaf)
  const leafHash = Buffer.from(leaf.hash).toString('hex')
  if (!entry)
    return COLUMNS.map((column) => ({ index: leaf.index, leafHash })[column as 'index'] ?? '')
  return [
    leaf.index,
    entry.time,
    entry.phase,
    entry.outcome,
    entry.code ?? '',
    entry.actor.clientId,
    entry.actor.roles.join(' '),
    entry.audience,
    entry.purpose ?? '',
    entry.legalBasis ?? '',
    entry.operation.name ?? '',
    entry.action ? JSON.stringify(entry.action) : '',
    entry.policy.version,
    new Set(entry.subjects.map(({ ref }) => ref)).size,
    disclosedIn(entry),
    entry.entryId,
    entry.requestId,
    leafHash,
  ]
}

function disclosedIn({ sets }: AuditEntry): string {
  const fields = sets.flatMap((set) => set.fields).filter((one) => one.treatment !== 'WITHHELD')
  return [...new Set(fields.map(({ path, treatment }) => `${path}:${treatment}`))].join(' ')
}

function entryIn({ bytes }: TrailLeaf): AuditEntry | null {
  if (bytes === null) return null
  try {
    const entry = JSON.parse(Buffer.from(bytes).toString('utf8')) as AuditEntry
    return entry?.v === 1 ? entry : null
  } catch {
    return null
  }
}
