import { createHash } from 'node:crypto'
import type { AuditTree } from '../../src/domain/audit/audit-tree.ts'
import { treeRootOf } from '../../src/domain/audit/merkle.ts'
import { grow, readRightEdge } from '../../src/domain/audit/tree-growth.ts'
import { rootAt } from '../../src/domain/audit/tree-proofs.ts'
import { PostgresAuditTree } from '../../src/outbound/postgres/audit-tree.ts'
import type { Queryable } from '../../src/outbound/postgres/database.ts'
import type { FreshDatabase } from './fresh-database.ts'

export const hashOf = (n: number) => createHash('sha256').update(`leaf ${n}`).digest()

/** Puts entries with made-up hashes behind those that are there. */
export async function fill(database: Queryable, first: number, count: number): Promise<void> {
  await database.query(
    `INSERT INTO audit_entry (log_index, entry_id, leaf, leaf_hash)
     SELECT n, gen_random_uuid(), 'x', sha256(convert_to('leaf ' || n, 'UTF8'))
     FROM generate_series($1::bigint, $2::bigint) n`,
    [first, first + count - 1],
  )
}

/** Integrates what is there, at most `count` entries. */
export async function integrate(tree: AuditTree, count: number, wait = true) {
  return await tree.growAlone(wait, async (growing) => {
    const size = await growing.size()
    const hashes = await growing.leafHashes(size, count)
    const { tiles, edge, root } = grow(await readRightEdge(size, growing), hashes)
    await growing.store(tiles, edge.size)
    return { size: edge.size, root }
  })
}

const checkpoint = (size: number, signedAt = 1_700_000_000_000, epoch = 1) => ({
  epoch,
  size,
  root: hashOf(size),
  note: `note ${epoch} ${size}`,
  signedAt,
})

export function auditTreeContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`the tree of the trail on ${adapter}`, () => {
    let db: FreshDatabase
    let tree: PostgresAuditTree
    const save = async (...all: ReturnType<typeof checkpoint>[]) =>
      await tree.growAlone(true, async (growing) => {
        for (const one of all) await growing.saveCheckpoint(one)
      })

    beforeAll(async () => {
      db = await fresh()
      tree = new PostgresAuditTree(db.database)
    })
    beforeEach(async () => {
      await db.database.query('TRUNCATE audit_entry, audit_tile, audit_checkpoint')
      await db.database.query('UPDATE audit_cursor SET next_index = 0')
    })
    afterAll(async () => {
      await db.drop()
    })

    test('has the root of RFC 6962 at every size, however it has grown', async () => {
      await fill(db.database, 0, 1_300)
      const sizes: number[] = []
      for (const count of [1, 254, 1, 1, 700, 1_000]) {
        const grown = await integrate(tree, count)
        sizes.push(grown?.size ?? -1)
        expect(Buffer.from(grown?.root ?? [])).toEqual(
          treeRootOf(Array.from({ length: grown?.size ?? 0 }, (_, n) => hashOf(n))),
        )
      }
      expect(sizes).toEqual([1, 255, 256, 257, 957, 1_300])
      expect(await tree.size()).toBe(1_300)
      for (const size of [0, 1, 256, 600, 1_300])
        expect(await rootAt(size, tree)).toEqual(
          treeRootOf(Array.from({ length: size }, (_, n) => hashOf(n))),
        )
    })

    test('refuses to answer with a tile that is not there', async () => {
      await fill(db.database, 0, 3)
      await integrate(tree, 3)
      await expect(rootAt(4, tree)).rejects.toThrow(RangeError)
      await expect(tree.read([{ level: 1, index: 0, width: 1 }])).rejects.toThrow('tile/1/000')
      expect(await tree.read([])).toEqual([])
    })

    test('names the entry that is missing', async () => {
      await fill(db.database, 0, 300)
      await integrate(tree, 10)
      const hashes = async () =>
        await tree.growAlone(true, async (growing) => await growing.leafHashes(10, 100))
      await db.database.query('DELETE FROM audit_entry WHERE log_index = 40')
      await expect(hashes()).rejects.toThrow('Entry 40 of the audit trail is missing.')
      await db.database.query('DELETE FROM audit_entry WHERE log_index < 30')
      await expect(hashes()).rejects.toThrow('Entry 10 of the audit trail is missing.')
      await db.database.query('DELETE FROM audit_entry')
      expect(await hashes()).toEqual([])
    })

    test('lets one at a time grow it', async () => {
      await fill(db.database, 0, 1_000)
      const other = await db.connect()
      const trees = [tree, new PostgresAuditTree(other.database)]
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => integrate(trees[n % 2] ?? tree, 50, true)),
      )
      expect(await tree.size()).toBe(1_000)
      expect(await rootAt(1_000, tree)).toEqual(
        treeRootOf(Array.from({ length: 1_000 }, (_, n) => hashOf(n))),
      )
      await other.close()
    })

    test('keeps nothing of work that failed', async () => {
      await fill(db.database, 0, 10)
      await expect(
        tree.growAlone(false, async (growing) => {
          await growing.store([{ address: { level: 0, index: 0, width: 1 }, hashes: hashOf(0) }], 1)
          await growing.saveCheckpoint(checkpoint(1))
          throw new Error('the signer refused')
        }),
      ).rejects.toThrow('the signer refused')
      expect(await tree.size()).toBe(0)
      expect(await tree.latest()).toBeNull()
      expect((await integrate(tree, 10))?.size).toBe(10)
    })

    test('tells the newest checkpoint and the newest that a witness has signed', async () => {
      expect(await tree.latestWitnessed()).toBeNull()
      await save(checkpoint(9), checkpoint(10), checkpoint(11))
      expect(await tree.latest()).toEqual(checkpoint(11))
      await tree.saveWitness({ checkpoint: checkpoint(9), line: 'first' }, 1)
      await tree.saveWitness({ checkpoint: checkpoint(10), line: 'second' }, 1)
      await tree.saveWitness({ checkpoint: checkpoint(9), line: 'again' }, 2)
      expect(await tree.latestWitnessed()).toEqual({ checkpoint: checkpoint(10), line: 'second' })
      await save(checkpoint(3, 1_700_000_000_000, 2))
      expect(await tree.latest()).toEqual(checkpoint(3, 1_700_000_000_000, 2))
      expect(await tree.latestWitnessed()).toBeNull()
    })

    test('recalls a checkpoint by its size, of the log that is signed for now where two had it', async () => {
      await save(checkpoint(1), checkpoint(2), checkpoint(3))
      expect(await tree.recall(2)).toBe('note 1 2')
      expect(await tree.recall(4)).toBeNull()
      await tree.saveWitness({ checkpoint: checkpoint(2), line: 'witness' }, 1)
      expect(await tree.recall(2)).toBe('note 1 2witness\n')
      await save(checkpoint(3, 1_700_000_000_000, 2))
      expect(await tree.recall(3)).toBe('note 2 3')
    })

    test('keeps a checkpoint that an export was made of, and only that one', async () => {
      await save(checkpoint(1, 1_000), checkpoint(2, 2_000), checkpoint(3, 3_000))
      await tree.keep(2)
      expect(await tree.discardCheckpointsBefore(9_000)).toBe(1)
      expect([await tree.recall(1), await tree.recall(2)]).toEqual([null, 'note 1 2'])
      await save(checkpoint(2, 4_000, 2), checkpoint(4, 4_000, 2))
      await tree.keep(2)
      expect(await tree.discardCheckpointsBefore(9_000)).toBe(1)
      expect([await tree.recall(2), await tree.recall(3)]).toEqual(['note 2 2', null])
    })

    test('forgets old checkpoints, but neither the newest nor those of a witness', async () => {
      await save(checkpoint(1, 1_000), checkpoint(2, 2_000), checkpoint(3, 3_000))
      await save(checkpoint(4, 4_000))
      await tree.saveWitness({ checkpoint: checkpoint(2, 2_000), line: 'witness' }, 2_500)
      expect(await tree.discardCheckpointsBefore(3_000)).toBe(1)
      expect(await tree.discardCheckpointsBefore(9_000)).toBe(1)
      expect(await tree.latest()).toEqual(checkpoint(4, 4_000))
      expect((await tree.latestWitnessed())?.checkpoint.size).toBe(2)
      // A witness may come back to one that was forgotten: its note says all that is kept of it.
      await tree.saveWitness({ checkpoint: checkpoint(3, 3_000), line: 'late' }, 9_000)
      expect(await tree.latestWitnessed()).toEqual({
        checkpoint: checkpoint(3, 3_000),
        line: 'late',
      })
    })
  })
}
