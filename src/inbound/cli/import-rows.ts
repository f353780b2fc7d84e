import type { Ingest } from '../../gateway/ingest/ingest.ts'
import type { IngestRow } from '../../gateway/ingest/read-row.ts'
import type { ImportFile } from './import-file.ts'
import { readLines } from './import-lines.ts'
import type { Mapping } from './import-mapping.ts'
import type { Progress } from './import-progress.ts'
import type { FileRecord, RecordReader } from './import-records.ts'

/** Rows of one transaction: large enough to be fast, small enough to leave the embedded database to others in between. */
const CHUNK = 2_000
/** Kinds of reasons that are told one by one; a file with more is no file of this kind. */
const MOST_REASONS = 20

type Batch = Awaited<ReturnType<Ingest['openBatch']>>

export interface ImportReport {
  readonly batch: Batch
  /** Why rows went to quarantine in this run, and how many. */
  readonly reasons: ReadonlyMap<string, number>
  readonly ignored: readonly string[]
}

/** Streams a file into its batch, chunk by chunk, from where the batch stands to the end. */
export async function importRows(
  ingest: Ingest,
  batch: Batch,
  from: {
    readonly file: ImportFile
    readonly reader: RecordReader
    readonly mapping: Mapping
    readonly progress: Progress
  },
): Promise<ImportReport> {
  const { file, reader, mapping, progress } = from
  const reasons = new Map<string, number>()
  let quarantined = batch.counts.quarantined
  let waiting: IngestRow[] = []
  let written: Promise<void> = Promise.resolve()
  const write = async (rows: readonly IngestRow[]) => {
    const taken = await ingest.accept(batch, rows)
    quarantined += taken.rejected.length
    for (const { reasons: why } of taken.rejected) for (const one of why) note(reasons, one)
    progress.at(file.read(), rows.at(-1)?.rowNumber ?? 0, quarantined)
  }
  /** One chunk is being written while the next one is read, so that neither side waits for the other. */
  const flush = async () => {
    const before = written
    written = write(waiting)
    // Whoever waits for the next chunk is told; until then nobody listens.
    written.catch(() => {})
    waiting = []
    await before
  }
  const add = async (records: readonly FileRecord[]) => {
    for (const record of records) {
      if (record.rowNumber <= batch.position) continue
      waiting.push(rowOf(record, mapping))
      if (waiting.length === CHUNK) await flush()
    }
  }
  for await (const lines of readLines(file.bytes)) await add(reader.read(lines))
  await add(reader.end())
  await flush()
  await written
  const counts = await ingest.finish(batch)
  return { batch: { ...batch, state: 'finished', counts }, reasons, ignored: mapping.ignored }
}

function rowOf(record: FileRecord, mapping: Mapping): IngestRow {
  if ('malformed' in record) return record
  const { rowNumber, fields } = record
  return { rowNumber, input: mapping.inputOf(fields, rowNumber) }
}

function note(reasons: Map<string, number>, reason: string): void {
  const key = reasons.has(reason) || reasons.size < MOST_REASONS ? reason : 'other reasons'
  reasons.set(key, (reasons.get(key) ?? 0) + 1)
}
