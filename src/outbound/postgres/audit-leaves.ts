import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'
import type { AuditLeaves, TrailLeaf } from '../../domain/audit/audit-leaves.ts'
import { BUNDLE_ENTRIES, unpackBundle } from '../../domain/audit/entry-bundle.ts'
import { HASH_BYTES } from '../../domain/audit/merkle.ts'
import type { Queryable } from './database.ts'

const gunzipped = promisify(gunzip)

/** Entries of one page: few statements for an export, and little memory. Whole tiles, so each is read once. */
const PAGE = 8 * BUNDLE_ENTRIES

const ROWS_AT = `
  SELECT wanted.log_index, entry.leaf, coalesce(
    nullif(substring(tile.hashes FROM (wanted.log_index % ${BUNDLE_ENTRIES} * ${HASH_BYTES} + 1)::int FOR ${HASH_BYTES}), ''),
    entry.leaf_hash) AS hash
  FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (log_index, n)
  LEFT JOIN audit_entry entry ON entry.log_index = wanted.log_index
  LEFT JOIN audit_tile tile ON tile.level = 0 AND tile.tile_index = wanted.log_index / ${BUNDLE_ENTRIES}
  ORDER BY wanted.n`

const ROWS_IN = `
  SELECT log_index, leaf, leaf_hash AS hash FROM audit_entry
  WHERE log_index >= $1 AND log_index < $2 ORDER BY log_index`

const TILES_IN = `
  SELECT tile_index, hashes FROM audit_tile
  WHERE level = 0 AND tile_index BETWEEN $1::bigint / ${BUNDLE_ENTRIES} AND ($2::bigint - 1) / ${BUNDLE_ENTRIES}`

/** Entries that are compressed together: reading one unpacks 15 others, and a fifth more room is what that costs. */
export const PART_ENTRIES = 16
const PARTS_OF_BUNDLE = BUNDLE_ENTRIES / PART_ENTRIES

const PARTS = `
  SELECT bundle.bundle_index, wanted.part, substring(bundle.entries
    FROM coalesce(bundle.part_ends[wanted.part], 0) + 1
    FOR bundle.part_ends[wanted.part + 1] - coalesce(bundle.part_ends[wanted.part], 0)) AS entries
  FROM unnest($1::bigint[], $2::int[]) AS wanted (bundle_index, part)
  JOIN audit_bundle bundle ON bundle.bundle_index = wanted.bundle_index`

const BUNDLES =
  'SELECT bundle_index, entries FROM audit_bundle WHERE bundle_index = ANY($1::bigint[])'

interface Row {
  log_index: string
  leaf: Buffer | null
  hash: Buffer | null
}

/** Leaves from rows and bundles. Rows are read before bundles: the archiver moves them from one to the other in one commit. */
export class PostgresAuditLeaves implements AuditLeaves {
  readonly #database: Queryable

  constructor(database: Queryable) {
    this.#database = database
  }

  async at(indices: readonly number[]): Promise<readonly TrailLeaf[]> {
    if (indices.length === 0) return []
    const rows = await this.#database.query<Row>(ROWS_AT, [indices], 'audit-leaves-at')
    const parts = await this.#partsOf(
      rows.filter(({ leaf }) => leaf === null).map(({ log_index }) => Number(log_index)),
    )
    return rows.flatMap(({ log_index, leaf, hash }) => {
      const index = Number(log_index)
      const bytes = leaf ?? parts.get(Math.floor(index / PART_ENTRIES))?.[index % PART_ENTRIES]
      return hash && bytes !== undefined ? [{ index, hash, bytes }] : []
    })
  }

  async *range(first: number, count: number): AsyncIterable<readonly TrailLeaf[]> {
    const end = first + count
    for (let from = first; from < end; ) {
      const to = Math.min(end, from - (from % BUNDLE_ENTRIES) + PAGE)
      yield await this.#page(from, to)
      from = to
    }
  }

  async #page(from: number, to: number): Promise<readonly TrailLeaf[]> {
    const rows = await this.#database.query<Row>(ROWS_IN, [from, to], 'audit-leaves-rows')
    const byIndex = new Map(rows.map((row) => [Number(row.log_index), row]))
    const indices = Array.from({ length: to - from }, (_, at) => from + at)
    const bundles = await this.#bundlesOf(indices.filter((index) => !byIndex.has(index)))
    const hashes = await this.#hashesIn(from, to)
    return indices.flatMap((index) => {
      const row = byIndex.get(index)
      const bytes = row?.leaf ?? bundledAt(bundles, index)
      const hash = hashes(index) ?? row?.hash
      return hash && bytes !== undefined ? [{ index, hash, bytes }] : []
    })
  }

  async #hashesIn(from: number, to: number): Promise<(index: number) => Buffer | undefined> {
    const rows = await this.#database.query<{ tile_index: string; hashes: Buffer }>(
      TILES_IN,
      [from, to],
      'audit-leaves-tiles',
    )
    const tiles = new Map(rows.map(({ tile_index, hashes }) => [Number(tile_index), hashes]))
    return (index) => {
      const at = (index % BUNDLE_ENTRIES) * HASH_BYTES
      const hash = tiles.get(Math.floor(index / BUNDLE_ENTRIES))?.subarray(at, at + HASH_BYTES)
      return hash?.length === HASH_BYTES ? hash : undefined
    }
  }

  /** Parts of bundles that hold these entries, by their number over all bundles. */
  async #partsOf(indices: readonly number[]): Promise<Bundles> {
    if (indices.length === 0) return new Map()
    const wanted = [...new Set(indices.map((index) => Math.floor(index / PART_ENTRIES)))]
    const rows = await this.#database.query<{
      bundle_index: string
      part: number
      entries: Buffer
    }>(
      PARTS,
      [
        wanted.map((part) => Math.floor(part / PARTS_OF_BUNDLE)),
        wanted.map((part) => part % PARTS_OF_BUNDLE),
      ],
      'audit-leaves-parts',
    )
    // A part is a few kilobytes: handing it to another thread would take longer.
    return new Map(
      rows.map(({ bundle_index, part, entries }) => [
        Number(bundle_index) * PARTS_OF_BUNDLE + part,
        unpackBundle(gunzipSync(entries), PART_ENTRIES),
      ]),
    )
  }

  async #bundlesOf(indices: readonly number[]): Promise<Bundles> {
    if (indices.length === 0) return new Map()
    const wanted = [...new Set(indices.map((index) => Math.floor(index / BUNDLE_ENTRIES)))]
    const rows = await this.#database.query<{ bundle_index: string; entries: Buffer }>(
      BUNDLES,
      [wanted],
      'audit-leaves-bundles',
    )
    return new Map(
      await Promise.all(
        rows.map(
          async ({ bundle_index, entries }) =>
            [Number(bundle_index), unpackBundle(await gunzipped(entries))] as const,
        ),
      ),
    )
  }
}

type Bundles = ReadonlyMap<number, readonly (Buffer | null)[]>

/** Null: discarded; undefined: not there. */
function bundledAt(bundles: Bundles, index: number): Buffer | null | undefined {
  return bundles.get(Math.floor(index / BUNDLE_ENTRIES))?.[index % BUNDLE_ENTRIES]
}
