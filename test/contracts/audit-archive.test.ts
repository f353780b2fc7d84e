import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresAuditArchive } from '../../src/outbound/postgres/audit-archive.ts'
import { AuditJournal } from '../../src/outbound/postgres/audit-journal.ts'
import { auditArchiveContract } from './audit-archive.contract.ts'
import { type FreshDatabase, freshEmbedded } from './fresh-database.ts'
import { leaf } from './made-leaves.ts'

let db: FreshDatabase
beforeAll(async () => {
  db = await freshEmbedded()
})
afterAll(async () => {
  await db.drop()
})

// One server for both: its last user drops it.
auditArchiveContract('the embedded server', async () => ({ ...db, drop: async () => {} }))

test('copies in the journal go when their entries were archived at the last look, but never the newest file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bauta-copies-'))
  const journal = new AuditJournal(folder, 1)
  for (let index = 0; index < 5; index++) await journal.append([{ ...leaf(), index }])
  const archive = new PostgresAuditArchive(db.database, journal)
  const archived = async (to: number) =>
    await db.database.query(`UPDATE audit_cursor SET next_index = $1 WHERE name = 'archive'`, [to])
  await archived(3)
  expect(await archive.dropCopies()).toBe(0)
  await archived(5)
  expect(await archive.dropCopies()).toBe(3)
  expect(readdirSync(folder)).toEqual(['journal-000004.jsonl', 'journal-000005.jsonl'])
  expect(await archive.dropCopies()).toBe(1)
  expect(await archive.dropCopies()).toBe(0)
  await journal.append([{ ...leaf(), index: 5 }])
  expect(readdirSync(folder)).toEqual(['journal-000005.jsonl', 'journal-000006.jsonl'])
  await journal.close()
})
