import { createHash } from 'node:crypto'
import type { CompiledConsent } from '../../domain/privacy/consent.ts'
import type {
  ReadColumn,
  ReadRow,
  Recommended,
  SealedColumn,
} from '../../domain/profiles/read-model.ts'
import type {
  RecommendedLists,
  RecommenderInput,
} from '../../domain/recommendations/recommender.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { stateOf } from './consent-states.ts'
import { type PackedLineage, unpackLineage } from './lineage-column.ts'

/** A row as it comes: what every read needs, and the columns that this one names. */
export type StoredRow = {
  subject_id: SubjectId
  kind: 'person' | 'visitor'
  consent_id: number
  consent_later: CompiledConsent['later']
  consent_records: CompiledConsent['records']
  recommended_activity?: string | null
  recommended_full?: string | null
  recommended_model?: number | null
} & { [column in ReadColumn]?: unknown }

const ALWAYS = ['subject_id', 'kind', 'consent_id', 'consent_later', 'consent_records']

/** Two lists of which a reader may see one at most: they come as text, and only that one is parsed. */
const RECOMMENDED = `(r.recommended -> 'activity')::text AS recommended_activity,
  (r.recommended -> 'full')::text AS recommended_full, (r.recommended ->> 'model')::int AS recommended_model`

/** One set of columns, ready for the hot path: statements carry a name of their own and are parsed once per connection. */
export interface ColumnSet {
  /** As a select list of the row `r`. */
  readonly selected: string
  /** Tells prepared statements of different column sets apart. */
  readonly tag: string
  readonly sealed: readonly SealedColumn[]
  readonly plain: readonly Exclude<ReadColumn, SealedColumn>[]
}

const bySet = new WeakMap<ReadonlySet<ReadColumn>, ColumnSet>()

/** Plans are kept and keep their set of columns, so this is worked out once per Plan. */
export function columnSetOf(columns: ReadonlySet<ReadColumn>): ColumnSet {
  const known = bySet.get(columns)
  if (known) return known
  const sorted = [...columns].sort()
  const isSealed = (column: ReadColumn): column is SealedColumn =>
    column.startsWith('sealed_') && column !== 'sealed_more'
  const set: ColumnSet = {
    selected: [...ALWAYS, ...sorted]
      .map((column) => (column === 'recommended' ? RECOMMENDED : `r.${column}`))
      .join(', '),
    tag: createHash('sha256').update(sorted.join()).digest('hex').slice(0, 12),
    sealed: sorted.filter(isSealed),
    plain: sorted.filter((column) => !isSealed(column)) as Exclude<ReadColumn, SealedColumn>[],
  }
  bySet.set(columns, set)
  return set
}

/** Columns whose name in a row differs. */
const NAMES: Readonly<Record<string, string>> = {
  sealed_more: 'sealedMore',
  segment_keys: 'segmentKeys',
}

export function readRow(
  row: StoredRow,
  columns: ColumnSet,
  states: ReadonlyMap<number, string>,
): ReadRow {
  const sealed: Partial<Record<SealedColumn, Uint8Array | null>> = {}
  for (const column of columns.sealed) sealed[column] = row[column] as Uint8Array | null
  const plain: Record<string, unknown> = {}
  for (const column of columns.plain) plain[NAMES[column] ?? column] = asRead(row, column)
  return {
    subjectId: row.subject_id,
    kind: row.kind,
    consent: {
      state: stateOf(states, row.consent_id),
      until: row.consent_later[0]?.[0] ?? null,
      later: row.consent_later,
      records: row.consent_records,
    },
    sealed,
    ...plain,
  }
}

function asRead(row: StoredRow, column: ReadColumn): unknown {
  if (column === 'recommended') return listsOf(row)
  return column === 'lineage' ? unpackLineage(row[column] as PackedLineage) : row[column]
}

function listsOf(row: StoredRow): RecommendedLists {
  const parsed = new Map<string, Recommended>()
  const list = (input: RecommenderInput, text: string | null | undefined): Recommended => {
    const known = parsed.get(input) ?? (JSON.parse(text ?? '[]') as Recommended)
    parsed.set(input, known)
    return known
  }
  return {
    get activity() {
      return list('activity', row.recommended_activity)
    },
    get full() {
      return list('full', row.recommended_full)
    },
    model: row.recommended_model ?? 0,
  }
}
