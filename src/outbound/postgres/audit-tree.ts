import {
  type AuditTree,
  type GrowingTree,
  type SignedCheckpoint,
  TrailGapError,
  type Witnessed,
} from '../../domain/audit/audit-tree.ts'
import { hashesIn, type Tile, type TileAddress, tilePath } from '../../domain/audit/tiles.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Database, Queryable } from './database.ts'

/** Whoever grows the tree holds this advisory lock, in whichever gateway. */
const TREE_LOCK = 4_208_339
/** A gateway that stops in the middle without dying must not keep the others out for longer. */
const STUCK_AFTER = '5s'

const READ = `
  SELECT wanted.n, tile.hashes FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS wanted (level, tile_index, n)
  JOIN audit_tile tile ON tile.level = wanted.level AND tile.tile_index = wanted.tile_index`

const LEAF_HASHES = `
  SELECT count(*)::int AS count, min(log_index) AS first, max(log_index) AS last,
         string_agg(leaf_hash, '' ORDER BY log_index) AS hashes
  FROM (SELECT log_index, leaf_hash FROM audit_entry
        WHERE log_index >= $1 AND log_index < $1::bigint + $2 ORDER BY log_index) page`

/** Hashes travel as one binary value: arrays of bytea would go as hexadecimal text, twice as long. */
const STORE = `
  INSERT INTO audit_tile (level, tile_index, hashes)
  SELECT level, tile_index, substring($3::bytea FROM start FOR length)
  FROM unnest($1::smallint[], $2::bigint[], $4::int[], $5::int[]) AS tile (level, tile_index, start, length)
  ON CONFLICT (level, tile_index) DO UPDATE SET hashes = EXCLUDED.hashes`

const SAVE_CHECKPOINT = `
  INSERT INTO audit_checkpoint (epoch, size, root, note, signed_at) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (epoch, size) DO NOTHING`

/** Tiles, checkpoints and the tree's size in PostgreSQL. */
export class PostgresAuditTree implements AuditTree {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async read(tiles: readonly TileAddress[]): Promise<readonly Uint8Array[]> {
    return await readTiles(this.#database, tiles)
  }

  async size(): Promise<number> {
    return await sizeOf(this.#database)
  }

  async growAlone<T>(wait: boolean, work: (tree: GrowingTree) => Promise<T>): Promise<T | null> {
    const lock = wait
      ? 'SELECT pg_advisory_xact_lock($1)'
      : 'SELECT pg_try_advisory_xact_lock($1) AS locked'
    return await this.#database.transaction(async (queryable) => {
      await queryable.query(
        `SELECT set_config('idle_in_transaction_session_timeout', '${STUCK_AFTER}', true)`,
      )
      const [row] = await queryable.query<{ locked?: boolean }>(lock, [TREE_LOCK])
      return row?.locked === false ? null : await work(growing(queryable))
    })
  }

  async latest(): Promise<SignedCheckpoint | null> {
    const [row] = await this.#database.query<CheckpointRow>(
      `SELECT * FROM audit_checkpoint ORDER BY epoch DESC, size DESC LIMIT 1`,
      [],
      'audit-checkpoint',
    )
    return row ? checkpointOf(row) : null
  }

  async latestWitnessed(): Promise<Witnessed | null> {
    const [row] = await this.#database.query<CheckpointRow & { witness_line: string }>(
      `SELECT * FROM audit_checkpoint
       WHERE witness_line IS NOT NULL AND epoch = (SELECT max(epoch) FROM audit_checkpoint) ORDER BY size DESC LIMIT 1`,
    )
    return row ? { checkpoint: checkpointOf(row), line: row.witness_line } : null
  }

  async saveWitness({ checkpoint, line }: Witnessed, at: Instant): Promise<void> {
    await this.#database.query(
      `INSERT INTO audit_checkpoint (epoch, size, root, note, signed_at, witness_line, witnessed_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (epoch, size) DO UPDATE SET witness_line = $6, witnessed_at = $7`,
      [...checkpointValues(checkpoint), line, isoInstant(at)],
    )
  }

  async recall(size: number): Promise<string | null> {
    const [row] = await this.#database.query<{ note: string; witness_line: string | null }>(
      `SELECT note, witness_line FROM audit_checkpoint WHERE size = $1 ORDER BY epoch DESC LIMIT 1`,
      [size],
    )
    if (!row) return null
    return row.witness_line === null ? row.note : `${row.note}${row.witness_line}\n`
  }

  async keep(size: number): Promise<void> {
    await this.#database.query(
      `UPDATE audit_checkpoint SET exported = true
       WHERE size = $1 AND epoch = (SELECT max(epoch) FROM audit_checkpoint)`,
      [size],
    )
  }

  async discardCheckpointsBefore(instant: Instant): Promise<number> {
    const [row] = await this.#database.query<{ discarded: number }>(
      `WITH discarded AS (
         DELETE FROM audit_checkpoint WHERE signed_at < $1::timestamptz AND witness_line IS NULL AND NOT exported
           AND (epoch, size) <> (SELECT epoch, size FROM audit_checkpoint ORDER BY epoch DESC, size DESC LIMIT 1)
         RETURNING size)
       SELECT count(*)::int AS discarded FROM discarded`,
      [isoInstant(instant)],
    )
    return row?.discarded ?? 0
  }
}

function growing(queryable: Queryable): GrowingTree {
  return {
    read: async (tiles) => await readTiles(queryable, tiles),
    size: async () => await sizeOf(queryable),
    async trailSize() {
      const [row] = await queryable.query<{ size: string }>('SELECT size FROM audit_head')
      return Number(row?.size ?? 0)
    },
    leafHashes: async (first, count) => await leafHashes(queryable, first, count),
    async store(tiles, size) {
      await storeTiles(queryable, tiles)
      await queryable.query(`UPDATE audit_cursor SET next_index = $1 WHERE name = 'tree'`, [size])
    },
    async saveCheckpoint(checkpoint) {
      await queryable.query(SAVE_CHECKPOINT, checkpointValues(checkpoint), 'audit-save-checkpoint')
    },
  }
}

async function sizeOf(queryable: Queryable): Promise<number> {
  const [row] = await queryable.query<{ next_index: string }>(
    `SELECT next_index FROM audit_cursor WHERE name = 'tree'`,
    [],
    'audit-tree-size',
  )
  if (!row) throw new Error('audit_cursor is empty: the schema was not migrated')
  return Number(row.next_index)
}

async function readTiles(
  queryable: Queryable,
  tiles: readonly TileAddress[],
): Promise<readonly Uint8Array[]> {
  if (tiles.length === 0) return []
  const rows = await queryable.query<{ n: string; hashes: Buffer }>(
    READ,
    [tiles.map(({ level }) => level), tiles.map(({ index }) => index)],
    'audit-read-tiles',
  )
  const found = new Map(rows.map(({ n, hashes }) => [Number(n) - 1, hashes]))
  return tiles.map((tile, at) => {
    const hashes = found.get(at)
    if (!hashes) throw new RangeError(`${tilePath(tile)} is missing.`)
    return hashes
  })
}

async function leafHashes(
  queryable: Queryable,
  first: number,
  count: number,
): Promise<readonly Uint8Array[]> {
  const [row] = await queryable.query<{
    count: number
    first: string | null
    last: string
    hashes: Buffer
  }>(LEAF_HASHES, [first, count], 'audit-leaf-hashes')
  if (!row || row.first === null) return []
  if (Number(row.first) !== first || Number(row.last) !== first + row.count - 1)
    throw new TrailGapError(await firstMissing(queryable, first))
  return [...hashesIn(row.hashes)]
}

async function firstMissing(queryable: Queryable, first: number): Promise<number> {
  const [row] = await queryable.query<{ missing: string }>(
    `SELECT log_index + 1 AS missing FROM (SELECT $1::bigint - 1 AS log_index UNION ALL
       SELECT log_index FROM audit_entry WHERE log_index >= $1) entry
     WHERE NOT EXISTS (SELECT FROM audit_entry next WHERE next.log_index = entry.log_index + 1)
     ORDER BY log_index LIMIT 1`,
    [first],
  )
  return Number(row?.missing ?? first)
}

async function storeTiles(queryable: Queryable, tiles: readonly Tile[]): Promise<void> {
  const starts: number[] = []
  let start = 1
  for (const { hashes } of tiles) {
    starts.push(start)
    start += hashes.length
  }
  await queryable.query(
    STORE,
    [
      tiles.map(({ address }) => address.level),
      tiles.map(({ address }) => address.index),
      Buffer.concat(tiles.map(({ hashes }) => hashes)),
      starts,
      tiles.map(({ hashes }) => hashes.length),
    ],
    'audit-store-tiles',
  )
}

interface CheckpointRow {
  epoch: number
  size: string
  root: Buffer
  note: string
  signed_at: Date
}

function checkpointOf({ epoch, size, root, note, signed_at }: CheckpointRow): SignedCheckpoint {
  return { epoch, size: Number(size), root, note, signedAt: signed_at.getTime() }
}

function checkpointValues({ epoch, size, root, note, signedAt }: SignedCheckpoint): unknown[] {
  return [epoch, size, root, note, isoInstant(signedAt)]
}
