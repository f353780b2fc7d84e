import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TrailLeaf } from '../../src/domain/audit/audit-leaves.ts'
import { DiscardCheck } from '../../src/domain/audit/discard-check.ts'
import type { AuditEntry } from '../../src/domain/audit/entry.ts'
import { leafHash, verifyInclusion } from '../../src/domain/audit/merkle.ts'
import { discardedIn } from '../../src/domain/audit/retention.ts'
import type { RetentionRule } from '../../src/domain/audit/retention-rules.ts'
import { inclusionProof } from '../../src/domain/audit/tree-proofs.ts'
import { Archiver } from '../../src/gateway/attest/archiver.ts'
import { Retention } from '../../src/gateway/attest/retention.ts'
import { Recorder } from '../../src/gateway/scope/recorder.ts'
import { DAY, isoInstant } from '../../src/kernel/time.ts'
import { PostgresAuditArchive } from '../../src/outbound/postgres/audit-archive.ts'
import { PostgresAuditLeaves } from '../../src/outbound/postgres/audit-leaves.ts'
import type { OpenDatabase } from '../../src/outbound/postgres/connect.ts'
import { randomness } from '../clock-and-randomness.ts'
import type { FreshDatabase } from './fresh-database.ts'
import { leaf } from './made-leaves.ts'
import { type Trail, trailOf } from './one-trail.ts'

const EVERYTHING = `audit_entry, audit_tile, audit_bundle, audit_checkpoint, audit_index, audit_span, audit_subject,
  audit_argument, audit_listed, audit_member_list`
const RULES: readonly RetentionRule[] = [
  { class: 'refusals', phase: 'decision', outcome: 'deny', action: '*', days: 60 },
  { class: 'rest', phase: '*', outcome: '*', action: '*', days: null },
]

/** Leaves as lines: quicker to compare than their bytes one by one. */
const lines = (leaves: readonly TrailLeaf[]) =>
  leaves.map(({ index, hash, bytes }) => `${index} ${Buffer.from(hash).toString('hex')} ${bytes}`)

export function auditArchiveContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`the archive on ${adapter}`, () => {
    let db: FreshDatabase
    let keys: string
    let trail: Trail
    const archiveOf = (on: OpenDatabase) => new PostgresAuditArchive(on.database, null)
    const leavesOf = (on: OpenDatabase) => new PostgresAuditLeaves(on.database)
    const archiver = (on: OpenDatabase = db) =>
      new Archiver({ ...trail, archive: archiveOf(on), leaves: leavesOf(on) }, 30)
    const recorder = () => new Recorder(trail.log, trail.clock, randomness, '1')
    const retention = (rules = RULES) =>
      new Retention(
        { archive: archiveOf(db), leaves: leavesOf(db), recorder: recorder(), clock: trail.clock },
        rules,
      )
    /** Every third entry is a refusal. */
    const append = async (count: number, from = 0) =>
      await trail.log.append(
        Array.from({ length: count }, (_, n) =>
          leaf({
            time: isoInstant(trail.clock.now()),
            requestId: `request-${from + n}`,
            outcome: (from + n) % 3 === 0 ? 'deny' : 'permit',
            subjects: [{ ref: `person-${n % 2}`, set: 0, consent: null }],
          }),
        ),
      )
    const all = async (first: number, count: number) => {
      const leaves: TrailLeaf[] = []
      for await (const page of leavesOf(db).range(first, count)) leaves.push(...page)
      return leaves
    }
    const count = async (table: string) =>
      (await db.database.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n

    beforeAll(async () => {
      db = await fresh()
    })
    beforeEach(async () => {
      keys = mkdtempSync(join(tmpdir(), 'bauta-archive-'))
      await db.database.query(`TRUNCATE ${EVERYTHING}`)
      await db.database.query('UPDATE audit_head SET size = 0')
      await db.database.query(
        `UPDATE audit_cursor SET next_index = 0 WHERE name IN ('tree', 'archive')`,
      )
      await db.database.query(`DELETE FROM audit_cursor WHERE name LIKE 'retention/%'`)
      trail = await trailOf(db, keys)
    })
    afterEach(async () => {
      await trail.log.close()
      rmSync(keys, { recursive: true })
    })
    afterAll(async () => {
      await db.drop()
    })

    test('gives every entry with the same bytes, number and hash as before it was moved', async () => {
      await append(600)
      await trail.sequencer.advance()
      const before = await all(0, 600)
      expect(before.map(({ index }) => index)).toEqual([...Array(600).keys()])
      trail.clock.pass(31 * DAY)
      expect(await archiver().run()).toBe(512)
      expect(await count('audit_entry')).toBe(88)
      expect(await count('audit_bundle')).toBe(2)
      expect(lines(await all(0, 600))).toEqual(lines(before))
      expect(lines(await all(250, 300))).toEqual(lines(before.slice(250, 550)))
      expect(lines(await all(590, 100))).toEqual(lines(before.slice(590)))
      const wanted = [599, 3, 255, 256, 511, 512, 700, 0]
      expect(await leavesOf(db).at(wanted)).toEqual(wanted.flatMap((index) => before[index] ?? []))
      expect(await leavesOf(db).at([])).toEqual([])
    })

    test('leaves what was moved provable and to be found', async () => {
      await append(300)
      const signed = await trail.sequencer.advance()
      trail.clock.pass(31 * DAY)
      await archiver().run()
      const [found] = await trail.log.find({ requestId: 'request-7' }, { limit: 5, before: null })
      const { size = 0, root = Buffer.alloc(0) } = signed ?? {}
      expect(found?.index).toBe(7)
      expect(
        verifyInclusion({
          index: 7,
          size,
          root,
          leafHash: leafHash(found?.bytes ?? Buffer.alloc(0)),
          proof: await inclusionProof(7, size, trail.tree),
        }),
      ).toBe(true)
      // The index is derived: emptied, it grows again from bundles as from rows.
      await db.database.query('TRUNCATE audit_index, audit_span, audit_subject')
      expect(await trail.log.find({}, { limit: 400, before: null })).toHaveLength(300)
    })

    test('moves whole bundles only, that are old and part of the tree', async () => {
      await append(255)
      await trail.sequencer.advance()
      trail.clock.pass(31 * DAY)
      expect(await archiver().run()).toBe(0)
      await append(300, 255)
      expect(await archiver().run()).toBe(0)
      await trail.sequencer.advance()
      // The last entry of the first bundle is a month younger than the others.
      expect(await archiver().run()).toBe(0)
      trail.clock.pass(31 * DAY)
      expect(await archiver().run()).toBe(512)
      expect(await archiver().run()).toBe(0)
    })

    test('moves nothing that is not what was signed for, and names it', async () => {
      await append(600)
      await trail.sequencer.advance()
      trail.clock.pass(31 * DAY)
      await db.database.query(
        `UPDATE audit_entry SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'permit', 'denied'), 'UTF8')
         WHERE log_index = 400`,
      )
      await expect(archiver().run()).rejects.toThrow('Entry 400')
      expect(await archiveOf(db).size()).toBe(256)
      expect(await count('audit_entry')).toBe(344)
      await db.database.query('DELETE FROM audit_entry WHERE log_index = 300')
      await expect(archiver().run()).rejects.toThrow('Entry 300')
    })

    test('is changed by one gateway at a time', async () => {
      await append(1_300)
      await trail.sequencer.advance()
      trail.clock.pass(31 * DAY)
      const before = await all(0, 1_300)
      const other = await db.connect()
      const moved = await Promise.all([archiver().run(), archiver(other).run()])
      expect(moved.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(1_280)
      await archiver().run()
      expect(await count('audit_bundle')).toBe(5)
      expect(lines(await all(0, 1_300))).toEqual(lines(before))
      await other.close()
    })

    test('discards one class by its age, says so before, and keeps the hashes of what it discards', async () => {
      await append(600)
      const signed = await trail.sequencer.advance()
      await trail.log.find({}, { limit: 1, before: null })
      trail.clock.pass(31 * DAY)
      await archiver().run()
      const before = await all(0, 600)
      expect(await retention().run()).toBe(0)
      trail.clock.pass(30 * DAY)
      expect(await retention().run()).toBe(171)
      const refused = before.filter(({ index }) => index < 512 && index % 3 === 0)
      const [said] = await all(600, 1)
      expect(discardedIn(JSON.parse(String(said?.bytes)) as AuditEntry)).toEqual({
        class: 'refusals',
        indices: refused.map(({ index }) => index),
      })
      expect(lines(await all(0, 600))).toEqual(
        lines(before.map((one) => (refused.includes(one) ? { ...one, bytes: null } : one))),
      )
      expect(await retention().run()).toBe(0)
      expect((await trail.sequencer.advance())?.size).toBe(601)
      expect(signed?.size).toBe(600)
      for (const table of ['audit_index', 'audit_subject'])
        expect(
          await db.database.query(
            `SELECT log_index FROM ${table} WHERE log_index < 512 AND log_index % 3 = 0`,
          ),
        ).toEqual([])
      const left = await trail.log.find({ outcome: 'deny' }, { limit: 700, before: null })
      expect(left.map(({ index }) => index)).toEqual(
        Array.from({ length: 29 }, (_, n) => 597 - 3 * n),
      )
    })

    test('discards nothing where that can not be said before', async () => {
      await append(300)
      await trail.sequencer.advance()
      trail.clock.pass(100 * DAY)
      await archiver().run()
      const before = await all(0, 300)
      await trail.log.close()
      await expect(retention().run()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
      expect(lines(await all(0, 300))).toEqual(lines(before))
    })

    test('finishes what a gateway that died had announced; every discarded entry is announced', async () => {
      await append(300)
      await trail.sequencer.advance()
      trail.clock.pass(100 * DAY)
      await archiver().run()
      const archive = archiveOf(db)
      const dying = Object.assign(Object.create(archive), {
        discardedTo: archive.discardedTo.bind(archive),
        size: archive.size.bind(archive),
        alone: archive.alone.bind(archive),
        discard: async () => await Promise.reject(new Error('killed')),
      }) as PostgresAuditArchive
      const ports = { leaves: leavesOf(db), recorder: recorder(), clock: trail.clock }
      await expect(new Retention({ ...ports, archive: dying }, RULES).run()).rejects.toThrow(
        'killed',
      )
      expect(await retention().run()).toBe(86)
      const check = new DiscardCheck()
      for (const { index, bytes } of await all(0, 400))
        if (bytes === null) check.meet(index)
        else check.announce(Buffer.from(bytes).toString())
      expect(check.count).toBe(86)
      expect(check.unannounced()).toEqual([])
    })

    test('looks through older entries again when another rule decides what a class is', async () => {
      await append(256)
      await trail.sequencer.advance()
      trail.clock.pass(100 * DAY)
      await archiver().run()
      expect(await retention().run()).toBe(86)
      const permits = { ...(RULES[0] as RetentionRule), outcome: 'permit' }
      expect(await retention([permits]).run()).toBe(170)
      expect((await all(0, 256)).every(({ bytes }) => bytes === null)).toBe(true)
      // What announces them stays, whatever the table says.
      const everything = { ...permits, phase: '*', outcome: '*', days: 1 }
      await append(254, 256)
      await trail.sequencer.advance()
      trail.clock.pass(100 * DAY)
      await archiver().run()
      expect(await retention([everything]).run()).toBe(254)
      expect((await all(256, 256)).filter(({ bytes }) => bytes !== null)).toHaveLength(2)
    })

    test('keeps no list of people beside an entry that is gone', async () => {
      await append(256)
      await trail.sequencer.advance()
      const ids = (await all(0, 2)).map(
        ({ bytes }) => (JSON.parse(String(bytes)) as AuditEntry).entryId,
      )
      for (const id of ids)
        await db.database.query(`INSERT INTO audit_member_list VALUES ($1, '\\x00', 'person-1')`, [
          id,
        ])
      trail.clock.pass(100 * DAY)
      await archiver().run()
      await retention().run()
      expect(await db.database.query('SELECT entry_id FROM audit_member_list')).toEqual([
        { entry_id: ids[1] },
      ])
    })
  })
}
