import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpoint } from '../../src/domain/audit/checkpoint.ts'
import { treeRootOf, verifyConsistency } from '../../src/domain/audit/merkle.ts'
import type { VerifierKey } from '../../src/domain/audit/signed-note.ts'
import { consistencyProof } from '../../src/domain/audit/tree-proofs.ts'
import { acceptFork } from '../../src/gateway/attest/fork.ts'
import { Sequencer } from '../../src/gateway/attest/sequencer.ts'
import { Recorder } from '../../src/gateway/scope/recorder.ts'
import { MINUTE, SECOND } from '../../src/kernel/time.ts'
import { randomness } from '../clock-and-randomness.ts'
import type { FreshDatabase } from './fresh-database.ts'
import { leaf } from './made-leaves.ts'
import { type Trail, trailOf } from './one-trail.ts'

const keyOf = async ({ signer }: Trail) => (await signer.keys())[0] as VerifierKey

export function sequencerContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`the sequencer on ${adapter}`, () => {
    let db: FreshDatabase
    let keys: string
    let trail: Trail
    const hashes = async () =>
      (
        await db.database.query<{ leaf_hash: Buffer }>(
          'SELECT leaf_hash FROM audit_entry ORDER BY log_index',
        )
      ).map(({ leaf_hash }) => leaf_hash)
    const append = async (count: number, by = trail) =>
      await by.log.append(Array.from({ length: count }, () => leaf()))

    beforeAll(async () => {
      db = await fresh()
    })
    beforeEach(async () => {
      keys = mkdtempSync(join(tmpdir(), 'bauta-sequencer-'))
      await db.database.query(
        'TRUNCATE audit_entry, audit_tile, audit_checkpoint, audit_index, audit_span, audit_subject',
      )
      await db.database.query('UPDATE audit_head SET size = 0')
      await db.database.query('UPDATE audit_cursor SET next_index = 0')
      trail = await trailOf(db, keys)
    })
    afterEach(async () => {
      await trail.log.close()
      rmSync(keys, { recursive: true })
    })
    afterAll(async () => {
      await db.drop()
    })

    test('signs for all entries in the order in which they are numbered', async () => {
      expect((await trail.sequencer.check()).size).toBe(0)
      for (const count of [1, 0, 300, 5_000]) {
        if (count > 0) await append(count)
        const signed = await trail.sequencer.advance()
        const all = await hashes()
        expect(signed).toMatchObject({ size: all.length, root: treeRootOf(all) })
        expect((await trail.tree.latest())?.note).toBe(signed?.note)
        expect(openCheckpoint(signed?.note ?? '', await keyOf(trail)).size).toBe(all.length)
      }
    })

    test('asks for nothing but the state of things where nothing is new', async () => {
      await append(3)
      await trail.sequencer.advance()
      const before = db.statements.length
      await trail.sequencer.advance()
      expect(db.statements.length - before).toBeLessThanOrEqual(2)
    })

    test('several gateways sign one log, each checkpoint extending the one before', async () => {
      const other = await db.connect()
      const second = await trailOf(other, keys)
      const seen: { size: number; root: Uint8Array }[] = []
      const busy = async (of: Trail) => {
        for (let round = 0; round < 12; round++) {
          await append(7, of)
          const signed = await of.sequencer.advance()
          if (signed) seen.push(signed)
        }
      }
      await Promise.all([busy(trail), busy(second)])
      expect(await trail.sequencer.advance()).toMatchObject({ size: 168 })
      expect(await trail.log.size()).toBe(168)
      seen.sort((a, b) => a.size - b.size)
      for (const [at, next] of seen.entries()) {
        const before = seen[at - 1]
        if (!before) continue
        const proof = await consistencyProof(before.size, next.size, trail.tree)
        expect(
          verifyConsistency({
            oldSize: before.size,
            newSize: next.size,
            oldRoot: before.root,
            newRoot: next.root,
            proof,
          }),
        ).toBe(true)
      }
      await second.log.close()
      await other.close()
    })

    test('goes on where a gateway died between signing and publishing', async () => {
      await append(10)
      await trail.sequencer.advance()
      await append(10)
      const tree = trail.tree
      const dying = new Sequencer({
        ...trail,
        tree: {
          latest: async () => await tree.latest(),
          growAlone: async (wait: boolean, work: Parameters<typeof tree.growAlone>[1]) =>
            await tree.growAlone(wait, async (growing) => {
              await work(growing)
              throw new Error('killed')
            }),
        } as never,
      })
      await expect(dying.advance()).rejects.toThrow('killed')
      expect((await trail.signer.last()).size).toBe(20)
      expect((await trail.tree.latest())?.size).toBe(10)
      const signed = await trail.sequencer.advance()
      expect(signed).toMatchObject({ size: 20, root: treeRootOf(await hashes()) })
      expect((await trail.tree.latest())?.note).toBe((await trail.signer.last()).note)
    })

    /** An old copy of the database is restored: everything from `size` on is forgotten, tree and checkpoints too. */
    const restoreOld = async (work: () => Promise<void>) => {
      const tables = ['audit_head', 'audit_entry', 'audit_tile', 'audit_checkpoint', 'audit_cursor']
      for (const table of tables)
        await db.database.query(`CREATE TABLE old_${table} AS SELECT * FROM ${table}`)
      await work()
      await db.database.transaction(async (queryable) => {
        for (const table of tables) {
          await queryable.query(`DELETE FROM ${table}`)
          await queryable.query(`INSERT INTO ${table} SELECT * FROM old_${table}`)
          await queryable.query(`DROP TABLE old_${table}`)
        }
      })
    }

    test('refuses to sign for an older copy of the database, before and after it has grown again', async () => {
      await append(10)
      await trail.watch.look()
      await restoreOld(async () => {
        await append(5)
        await trail.watch.look()
      })
      const { note } = await trail.signer.last()
      await trail.watch.look()
      expect(trail.alarm.doubt).toBe('shrunk')
      // What a gateway that does not look would do meanwhile.
      await append(9)
      await trail.watch.look()
      expect(trail.alarm.doubt).toBe('diverged')
      expect((await trail.signer.last()).note).toBe(note)
      expect((await trail.tree.latest())?.size).toBe(10)
      expect(trail.told).toEqual(['shrunk', 'diverged'])
    })

    test('lets nothing be appended from the start on, where the database is an older copy', async () => {
      await append(10)
      await restoreOld(async () => {
        await append(5)
        await trail.sequencer.advance()
      })
      rmSync(join(keys, 'journal'), { recursive: true, force: true })
      const restarted = await trailOf(db, keys)
      await restarted.watch.begin()
      await expect(restarted.trusted.append([leaf()])).rejects.toMatchObject({
        code: 'AUDIT_UNAVAILABLE',
      })
      expect(await restarted.log.size()).toBe(10)
      await restarted.log.close()
    })

    test('trusts the trail again when the right database is back', async () => {
      await append(3)
      await trail.watch.look()
      await db.database.query('UPDATE audit_head SET size = 2')
      await trail.watch.look()
      expect(trail.alarm.doubt).toBe('shrunk')
      await db.database.query('UPDATE audit_head SET size = 3')
      await trail.watch.look()
      expect(trail.alarm.doubt).toBeNull()
      await trail.trusted.append([leaf()])
      expect(trail.told).toEqual(['shrunk', null])
    })

    test('notices at the start that what was signed for has been altered', async () => {
      await append(300)
      await trail.sequencer.advance()
      await db.database.query(
        'UPDATE audit_tile SET hashes = set_byte(hashes, 4, 255 - get_byte(hashes, 4)) WHERE level = 0 AND tile_index = 1',
      )
      await trail.watch.begin()
      expect(trail.alarm.doubt).toBe('diverged')
    })

    test('names an entry that is missing before it was signed for', async () => {
      await append(5)
      await trail.watch.look()
      await append(5)
      await db.database.query('DELETE FROM audit_entry WHERE log_index = 7')
      await expect(trail.sequencer.advance()).rejects.toThrow('Entry 7')
      await db.database.query('DELETE FROM audit_entry WHERE log_index > 7')
      await expect(trail.sequencer.advance()).rejects.toThrow('Entry 7')
      await trail.watch.look()
      expect(trail.alarm.doubt).toBe('gap')
    })

    test('raises the alarm by itself when nobody can sign for a minute, and ends it when somebody can', async () => {
      const { watch, alarm, clock, told, failures, trusted, sequencer } = trail
      alarm.expectVouching()
      await watch.look()
      await db.database.query('ALTER TABLE audit_head RENAME TO audit_head_away')
      for (let seconds = 0; seconds < 60; seconds++) {
        clock.pass(SECOND)
        await watch.look()
      }
      expect(alarm.doubt).toBeNull()
      clock.pass(SECOND)
      await expect(trusted.append([leaf()])).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
      await watch.look()
      await db.database.query('ALTER TABLE audit_head_away RENAME TO audit_head')
      await expect(trusted.append([leaf()])).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
      expect(told).toEqual(['unsigned'])
      expect(failures).toHaveLength(1)
      await watch.look()
      expect(told).toEqual(['unsigned', null])
      await trusted.append([leaf()])
      expect(await sequencer.advance()).toMatchObject({ size: 1 })
    })

    test('a process that does not sign again and again is not expected to', async () => {
      await trail.watch.begin()
      await trail.watch.look()
      trail.clock.pass(60 * MINUTE)
      await trail.trusted.append([leaf()])
    })

    test('begins another log when an operator accepts a fork, and says so on the trail', async () => {
      await append(10)
      await trail.watch.look()
      await restoreOld(async () => {
        await append(5)
        await trail.watch.look()
      })
      const before = await trail.signer.last()
      await trail.watch.look()
      const recorder = new Recorder(trail.log, trail.clock, randomness, '1')
      const { from, to } = await acceptFork({ ...trail, recorder })
      expect(from).toEqual(before)
      expect(to).toMatchObject({ epoch: 2, size: 11, origin: 'gateway.example.com/audit/2' })
      const [entry] = await trail.log.find({}, { limit: 1, before: null })
      expect(entry?.entry.action).toEqual({
        action: 'audit.fork',
        inconsistency: 'shrunk',
        origin: before.origin,
        size: 15,
        root: Buffer.from(before.root).toString('base64'),
      })
      await trail.watch.look()
      expect(trail.told).toEqual(['shrunk', null])
      await trail.trusted.append([leaf()])
      expect(await trail.sequencer.advance()).toMatchObject({ epoch: 2, size: 12 })
    })

    test('accepts no fork of a trail that is right', async () => {
      await append(2)
      const recorder = new Recorder(trail.log, trail.clock, randomness, '1')
      await expect(acceptFork({ ...trail, recorder })).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await trail.log.size()).toBe(2)
      expect((await trail.signer.last()).epoch).toBe(1)
    })
  })
}
