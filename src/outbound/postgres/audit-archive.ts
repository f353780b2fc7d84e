import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { argumentLookUp } from '../../domain/audit/arguments.ts'
import type { AuditArchive, DiscardedEntry } from '../../domain/audit/audit-archive.ts'
import type { TrailLeaf } from '../../domain/audit/audit-leaves.ts'
import { BUNDLE_ENTRIES, packBundle, unpackBundle } from '../../domain/audit/entry-bundle.ts'
import { type Derived, derive } from './audit-derived.ts'
import type { AuditJournal } from './audit-journal.ts'
import { PART_ENTRIES, PostgresAuditLeaves } from './audit-leaves.ts'
import type { Database, Queryable } from './database.ts'

/** Whoever moves or discards entries holds this advisory lock, in whichever gateway. */
const ARCHIVE_LOCK = 4_208_341
const ARCHIVE = 'archive'

/** Rows in one statement: others have to come in between on the embedded server's one session. */
const FORGOTTEN_AT_ONCE = 5_000
const FORGET = `
  WITH forgotten AS (
    DELETE FROM audit_argument WHERE (hmac, log_index) IN (
      SELECT hmac, log_index FROM audit_argument WHERE hmac < $1 ORDER BY hmac, log_index LIMIT ${FORGOTTEN_AT_ONCE})
    RETURNING 1)
  SELECT count(*)::int AS forgotten FROM forgotten`

const gzipped = promisify(gzip)
const gunzipped = promisify(gunzip)

/**
 * What is derived from single entries. Whom and what an entry names is found by that, in indexes that each append has to
 * carry anyway: one more, by number, would be paid for by every append and used by nothing but this.
 */
const FORGET_ENTRIES = ['audit_index', 'audit_listed'].map(
  (table) => `DELETE FROM ${table} WHERE log_index = ANY($1::bigint[])`,
)
const forgetNamed = (table: string, key: string, type: string) => `
  DELETE FROM ${table} named USING unnest($1::${type}[], $2::bigint[]) AS gone (key, log_index)
  WHERE named.${key} = gone.key AND named.log_index = gone.log_index`
const FORGET_SUBJECTS = forgetNamed('audit_subject', 'ref', 'text')
const FORGET_ARGUMENTS = forgetNamed('audit_argument', 'hmac', 'bytea')

/**
 * Bundles as gzip (RFC 1952) of C2SP entry bundles: members of 16 entries, one after the other, so a bundle can be unpacked
 * whole as well.
 */
export class PostgresAuditArchive implements AuditArchive {
  readonly #database: Database
  readonly #journal: AuditJournal | null
  #droppable = 0

  /** @param journal of the embedded server, which holds copies of the newest entries. */
  constructor(database: Database, journal: AuditJournal | null) {
    this.#database = database
    this.#journal = journal
  }

  async size(): Promise<number> {
    return await cursorOf(this.#database, ARCHIVE)
  }

  async move(first: number, mayMove: (leaves: readonly TrailLeaf[]) => void): Promise<boolean> {
    return await this.#database.transaction(async (queryable) => {
      const [row] = await queryable.query<{ locked: boolean }>(
        'SELECT pg_try_advisory_xact_lock($1) AS locked',
        [ARCHIVE_LOCK],
      )
      if (!row?.locked || (await cursorOf(queryable, ARCHIVE)) !== first) return false
      const leaves = await rowsFrom(queryable, first)
      mayMove(leaves)
      const { entries, partEnds } = await compressed(leaves.map(({ bytes }) => bytes))
      await queryable.query(
        'INSERT INTO audit_bundle (bundle_index, entries, part_ends) VALUES ($1, $2, $3)',
        [first / BUNDLE_ENTRIES, entries, partEnds],
      )
      const end = first + BUNDLE_ENTRIES
      await queryable.query('DELETE FROM audit_entry WHERE log_index >= $1 AND log_index < $2', [
        first,
        end,
      ])
      await advance(queryable, ARCHIVE, end)
      return true
    })
  }

  async dropCopies(): Promise<number> {
    const below = this.#droppable
    this.#droppable = await this.size()
    return (await this.#journal?.discardBelow(below)) ?? 0
  }

  async discardedTo(key: string): Promise<number> {
    return await cursorOf(this.#database, cursorName(key))
  }

  async discard(entries: readonly DiscardedEntry[], key: string, to: number): Promise<void> {
    await this.#database.transaction(async (queryable) => {
      const indices = entries.map(({ index }) => index)
      await emptyInBundles(queryable, indices)
      for (const statement of FORGET_ENTRIES) await queryable.query(statement, [indices])
      await queryable.query('DELETE FROM audit_member_list WHERE entry_id = ANY($1::uuid[])', [
        entries.map(({ entryId }) => entryId),
      ])
      await advance(queryable, cursorName(key), to)
    })
  }

  async forgetArguments(before: string): Promise<number> {
    const end = argumentLookUp(Buffer.alloc(0), before)
    let count = 0
    for (let page = FORGOTTEN_AT_ONCE; page === FORGOTTEN_AT_ONCE; count += page) {
      const [row] = await this.#database.query<{ forgotten: number }>(FORGET, [end])
      page = row?.forgotten ?? 0
    }
    return count
  }

  async alone<T>(work: () => Promise<T>): Promise<T | null> {
    return await this.#database.alone(ARCHIVE_LOCK, work)
  }
}

function cursorName(key: string): string {
  return `retention/${key}`
}

async function cursorOf(queryable: Queryable, name: string): Promise<number> {
  const [row] = await queryable.query<{ next_index: string }>(
    'SELECT next_index FROM audit_cursor WHERE name = $1',
    [name],
    'audit-cursor',
  )
  return Number(row?.next_index ?? 0)
}

async function advance(queryable: Queryable, name: string, to: number): Promise<void> {
  await queryable.query(
    `INSERT INTO audit_cursor (name, next_index) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET next_index = EXCLUDED.next_index`,
    [name, to],
  )
}

async function rowsFrom(queryable: Queryable, first: number): Promise<readonly TrailLeaf[]> {
  const leaves: TrailLeaf[] = []
  for await (const page of new PostgresAuditLeaves(queryable).range(first, BUNDLE_ENTRIES))
    leaves.push(...page)
  return leaves
}

/** @returns the bundle, and up to which byte of it each part reaches. */
async function compressed(
  entries: readonly (Uint8Array | null)[],
): Promise<{ entries: Buffer; partEnds: number[] }> {
  const starts = Array.from({ length: entries.length / PART_ENTRIES }, (_, n) => n * PART_ENTRIES)
  const parts = await Promise.all(
    starts.map(async (at) => await gzipped(packBundle(entries.slice(at, at + PART_ENTRIES)))),
  )
  const partEnds: number[] = []
  for (const { length } of parts) partEnds.push((partEnds.at(-1) ?? 0) + length)
  return { entries: Buffer.concat(parts), partEnds }
}

/** What the index holds of an entry, and its number. */
type Emptied = Derived & { readonly index: number }

/** What entries name and the numbers of the entries, side by side. */
function pairs<T>(entries: readonly Emptied[], named: (entry: Emptied) => readonly T[]): unknown[] {
  const all = entries.flatMap((entry) => named(entry).map((key) => ({ key, index: entry.index })))
  return [all.map(({ key }) => key), all.map(({ index }) => index)]
}

/** Takes the bytes of entries from their bundles, and what is found by what stood in them from the index. */
async function emptyInBundles(queryable: Queryable, indices: readonly number[]): Promise<void> {
  const byBundle = new Map<number, number[]>()
  for (const index of indices) {
    const bundle = Math.floor(index / BUNDLE_ENTRIES)
    byBundle.set(bundle, [...(byBundle.get(bundle) ?? []), index % BUNDLE_ENTRIES])
  }
  const rows = await queryable.query<{ bundle_index: string; entries: Buffer }>(
    'SELECT bundle_index, entries FROM audit_bundle WHERE bundle_index = ANY($1::bigint[]) FOR UPDATE',
    [[...byBundle.keys()]],
  )
  for (const { bundle_index, entries } of rows) {
    const kept: (Uint8Array | null)[] = unpackBundle(await gunzipped(entries))
    const gone: Emptied[] = []
    for (const position of byBundle.get(Number(bundle_index)) ?? []) {
      const bytes = kept[position] ?? null
      const index = Number(bundle_index) * BUNDLE_ENTRIES + position
      if (bytes !== null) gone.push({ index, ...derive(bytes) })
      kept[position] = null
    }
    const emptied = await compressed(kept)
    await queryable.query(
      'UPDATE audit_bundle SET entries = $2, part_ends = $3 WHERE bundle_index = $1',
      [bundle_index, emptied.entries, emptied.partEnds],
    )
    await queryable.query(
      FORGET_SUBJECTS,
      pairs(gone, ({ refs }) => refs),
    )
    await queryable.query(
      FORGET_ARGUMENTS,
      pairs(gone, ({ hmacs }) => hmacs),
    )
  }
}
