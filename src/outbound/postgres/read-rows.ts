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
  /** JSON of an array: what is not sealed travels as one value, which costs a third of a value for each column. */
  packed: string
  recommended_activity?: string | null
  recommended_full?: string | null
  recommended_model?: number | null
} & { [column in SealedColumn]?: Uint8Array | null }

/** Two lists of which a reader may see one at most: they come as text, and only that one is parsed. */
const RECOMMENDED = `(r.recommended -> 'activity')::text AS recommended_activity,
  (r.recommended -> 'full')::text AS recommended_full, (r.recommended ->> 'model')::int AS recommended_model`

type PackedColumn = Exclude<ReadColumn, SealedColumn | 'recommended'>

/** One set of columns, ready for the hot path: statements carry a name of their own and are parsed once per connection. */
export interface ColumnSet {
  /** As a select list of the row `r`. */
  readonly selected: string
  /** Tells prepared statements of different column sets apart. */
  readonly tag: string
  readonly sealed: readonly SealedColumn[]
  /** In the order in which they are packed, after what every read needs. */
  readonly packed: readonly PackedColumn[]
  readonly recommended: boolean
}

const bySet = new WeakMap<ReadonlySet<ReadColumn>, ColumnSet>()

/** Plans are kept and keep their set of columns, so this is worked out once per Plan. */
export function columnSetOf(columns: ReadonlySet<ReadColumn>): ColumnSet {
  const known = bySet.get(columns)
  if (known) return known
  const sorted = [...columns].sort()
  const sealed = sorted.filter(isSealed)
  const packed = sorted.filter(isPacked)
  const recommended = columns.has('recommended')
  const set: ColumnSet = {
    selected: [
      'r.subject_id, r.kind, r.consent_id',
      packedAs(['consent_later', 'consent_records', ...packed]),
      ...sealed.map((column) => `r.${column}`),
      ...(recommended ? [RECOMMENDED] : []),
    ].join(', '),
    tag: createHash('sha256').update(sorted.join()).digest('hex').slice(0, 12),
    sealed,
    packed,
    recommended,
  }
  bySet.set(columns, set)
  return set
}

function isSealed(column: ReadColumn): column is SealedColumn {
  return column.startsWith('sealed_') && column !== 'sealed_more'
}

function isPacked(column: ReadColumn): column is PackedColumn {
  return !isSealed(column) && column !== 'recommended'
}

/** JSON columns are text already once they are read: to join it is cheaper than to build an array of them. */
function packedAs(columns: readonly string[]): string {
  const texts = columns.map((column) =>
    column === 'segment_keys' ? 'to_json(r.segment_keys)::text' : `r.${column}::text`,
  )
  return `'[' || ${texts.join(" || ',' || ")} || ']' AS packed`
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
  const [later, records, ...packed] = JSON.parse(row.packed) as [
    CompiledConsent['later'],
    CompiledConsent['records'],
    ...unknown[],
  ]
  const sealed: Partial<Record<SealedColumn, Uint8Array | null>> = {}
  for (const column of columns.sealed) sealed[column] = row[column] ?? null
  const plain: Record<string, unknown> = {}
  for (const [at, column] of columns.packed.entries())
    plain[NAMES[column] ?? column] =
      column === 'lineage' ? unpackLineage(packed[at] as PackedLineage) : packed[at]
  return {
    subjectId: row.subject_id,
    kind: row.kind,
    consent: {
      state: stateOf(states, row.consent_id),
      until: later[0]?.[0] ?? null,
      later,
      records,
    },
    sealed,
    ...(columns.recommended ? { recommended: listsOf(row) } : {}),
    ...plain,
  }
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
