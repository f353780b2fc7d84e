import { appendFile, mkdtemp, open, readdir, readFile, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { AuditJournal } from '../../src/outbound/postgres/audit-journal.ts'
import { PostgresAuditLog } from '../../src/outbound/postgres/audit-log.ts'
import { auditLogContract } from './audit-log.contract.ts'
import { type FreshDatabase, freshEmbedded } from './fresh-database.ts'
import { leaf } from './made-leaves.ts'

auditLogContract('the embedded server', freshEmbedded)

describe('the journal beside the embedded server', () => {
  let db: FreshDatabase
  let folder: string
  let lines: string[]
  const start = async () => {
    const log = new PostgresAuditLog(db.database, new AuditJournal(folder), (line) => {
      lines.push(line)
    })
    await log.start()
    return log
  }
  const stored = async () =>
    await db.database.query<{ log_index: string; entry_id: string }>(
      'SELECT log_index, entry_id FROM audit_entry ORDER BY log_index',
    )
  const journaled = async () => {
    const files = (await readdir(folder)).sort()
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
    return texts
      .join('')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as { index: number; entryId: string })
  }
  /** What a power cut does: the last entries were never written. */
  const loseFrom = async (index: number) => {
    await db.database.query('DELETE FROM audit_entry WHERE log_index >= $1', [index])
    await db.database.query('UPDATE audit_head SET size = $1', [index])
  }

  beforeAll(async () => {
    db = await freshEmbedded()
  })
  beforeEach(async () => {
    lines = []
    folder = await mkdtemp(join(db.dataDir, 'audit-'))
    await db.database.query('TRUNCATE audit_entry, audit_index, audit_subject')
    await db.database.query('UPDATE audit_head SET size = 0')
    await db.database.query('UPDATE audit_cursor SET next_index = 0')
  })
  afterEach(async () => {
    jest.restoreAllMocks()
    await rm(folder, { recursive: true })
  })
  afterAll(async () => {
    await db.drop()
  })

  test('holds every entry when append resolves', async () => {
    const log = await start()
    const leaves = [leaf(), leaf(), leaf()]
    await log.append(leaves)
    expect((await journaled()).map(({ entryId }) => entryId)).toEqual(
      leaves.map(({ entryId }) => entryId),
    )
    await log.close()
  })

  test('gives back under their numbers what the database lost', async () => {
    const log = await start()
    for (let n = 0; n < 10; n++) await log.append([leaf({ requestId: `request-${n}` })])
    const before = await stored()
    await log.close()
    await loseFrom(4)
    const restarted = await start()
    expect(await stored()).toEqual(before)
    expect(await restarted.size()).toBe(10)
    expect(lines).toEqual(['Audit trail: 6 entries restored from the journal'])
    await restarted.append([leaf()])
    expect((await stored()).map(({ log_index }) => Number(log_index))).toEqual([
      ...Array(11).keys(),
    ])
    await restarted.close()
  })

  test('restores nothing twice', async () => {
    const log = await start()
    await log.append([leaf(), leaf()])
    await log.close()
    for (let restarts = 0; restarts < 3; restarts++) await (await start()).close()
    expect(await stored()).toHaveLength(2)
    expect(await journaled()).toHaveLength(2)
    expect(lines).toEqual([])
  })

  test('drops a torn last line and writes on after it', async () => {
    const log = await start()
    await log.append([leaf()])
    await log.close()
    const torn = (await readFile(join(folder, 'journal-000001.jsonl'), 'utf8')).slice(0, 90)
    await appendFile(join(folder, 'journal-000001.jsonl'), torn)
    const restarted = await start()
    const next = leaf()
    await restarted.append([next])
    expect(await stored()).toHaveLength(2)
    expect((await journaled()).at(-1)).toMatchObject({ index: 1, entryId: next.entryId })
    expect(lines).toEqual(['Audit journal: 1 torn or damaged lines left out'])
    await restarted.close()
  })

  test('takes up entries that only the database has', async () => {
    const log = await start()
    await log.append([leaf(), leaf()])
    await log.close()
    const bare = new PostgresAuditLog(db.database, null)
    await bare.start()
    await bare.append([leaf()])
    await bare.close()
    await (await start()).close()
    expect((await journaled()).map(({ index }) => index)).toEqual([0, 1, 2])
  })

  test('holds, once the durable size is told, what another process left out of it', async () => {
    const log = await start()
    await log.append([leaf()])
    const bare = new PostgresAuditLog(db.database, null)
    await bare.start()
    await bare.append([leaf(), leaf()])
    await bare.close()
    await log.append([leaf()])
    expect((await journaled()).map(({ index }) => index)).toEqual([0, 3])
    expect(await log.durableSize()).toBe(4)
    expect((await journaled()).map(({ index }) => index)).toEqual([0, 3, 1, 2])
    await log.append([leaf()])
    expect(await log.durableSize()).toBe(5)
    expect(await journaled()).toHaveLength(5)
    await log.close()
  })

  test('leaves archived entries where they are', async () => {
    const log = await start()
    await log.append([leaf(), leaf(), leaf()])
    await log.close()
    await db.database.query('DELETE FROM audit_entry WHERE log_index < 2')
    await db.database.query(`UPDATE audit_cursor SET next_index = 2 WHERE name = 'archive'`)
    const restarted = await start()
    expect((await stored()).map(({ log_index }) => Number(log_index))).toEqual([2])
    expect(await restarted.size()).toBe(3)
    expect(lines).toEqual([])
    await restarted.close()
  })

  test('renumbers rather than leave a gap or lose an entry when numbers no longer agree', async () => {
    const log = await start()
    const leaves = [leaf(), leaf(), leaf()]
    for (const one of leaves) await log.append([one])
    await log.close()
    await loseFrom(1)
    const bare = new PostgresAuditLog(db.database, null)
    await bare.start()
    const stranger = leaf()
    await bare.append([stranger])
    await bare.close()
    for (let restarts = 0; restarts < 2; restarts++) await (await start()).close()
    expect((await stored()).map(({ entry_id }) => entry_id)).toEqual([
      leaves[0]?.entryId,
      stranger.entryId,
      leaves[1]?.entryId,
      leaves[2]?.entryId,
    ])
  })

  test('refuses every append after one failed sync, until it is restarted', async () => {
    const log = await start()
    await log.append([leaf()])
    const handle = await open(join(folder, 'probe'), 'w')
    const sync = jest
      .spyOn(Object.getPrototypeOf(handle) as { datasync(): Promise<void> }, 'datasync')
      .mockRejectedValueOnce(Object.assign(new Error('input/output error'), { code: 'EIO' }))
    await handle.close()
    await expect(log.append([leaf()])).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    await expect(log.append([leaf()])).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    await expect(log.durableSize()).rejects.toThrow('input/output error')
    expect(sync).toHaveBeenCalledTimes(1)
    await log.close()
    const restarted = await start()
    await restarted.append([leaf()])
    expect((await journaled()).map(({ index }) => index)).toEqual([0, 1, 2])
    await restarted.close()
  })

  test('begins a new file beyond its size and reads them all back', async () => {
    const journal = new AuditJournal(folder, 2_000)
    const log = new PostgresAuditLog(db.database, journal)
    await log.start()
    for (let n = 0; n < 9; n++) await log.append([leaf()])
    await log.close()
    expect((await readdir(folder)).length).toBeGreaterThan(2)
    await loseFrom(0)
    await (await start()).close()
    expect(await stored()).toHaveLength(9)
  })

  test('reads again only the files that a power cut can have outrun', async () => {
    const journal = new AuditJournal(folder, 1)
    const log = new PostgresAuditLog(db.database, journal)
    await log.start()
    for (let n = 0; n < 3; n++) await log.append([leaf()])
    await log.close()
    const yesterday = Date.now() / 1000 - 86_400
    await utimes(join(folder, 'journal-000001.jsonl'), yesterday, yesterday)
    const seen: number[] = []
    for await (const { index } of new AuditJournal(folder).recent(() => {})) seen.push(index)
    expect(seen).toEqual([1, 2])
  })
})
