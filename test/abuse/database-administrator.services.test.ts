import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { carriedFiles } from '../../src/carried-files.ts'
import { signCheckpoint } from '../../src/domain/audit/checkpoint.ts'
import { leafHash } from '../../src/domain/audit/merkle.ts'
import {
  formatSignerKey,
  formatVerifierKey,
  signerKey,
} from '../../src/domain/audit/signed-note.ts'
import { EMPTY_EDGE, grow } from '../../src/domain/audit/tree-growth.ts'
import { type VerificationTerms, verifyExport } from '../../src/gateway/attest/verify-export.ts'
import { type WitnessOutcome, witnessLog } from '../../src/gateway/attest/witness.ts'
import { ExportOnDisk } from '../../src/inbound/cli/export-on-disk.ts'
import { beginFolder, writeFolder } from '../../src/inbound/cli/export-to-folder.ts'
import { HttpLog } from '../../src/outbound/delivery/http-log.ts'
import { type FreshPostgres, freshPostgres } from '../contracts/fresh-database.ts'
import { RunningGateway } from '../running-gateway.ts'

const ENTRIES = 600
const TABLES = ['audit_entry', 'audit_tile', 'audit_checkpoint', 'audit_head']
const officer = signerKey('officer.example.com', Buffer.alloc(32, 5))
/** What somebody would rather have had on the trail. */
const HARMLESS = Buffer.from('{"v":1,"entryId":"00000000-0000-7000-8000-000000000000"}')

let db: FreshPostgres
let running: RunningGateway
let folder: string
let logKey: string
/** What the officer's own machine remembers. */
let seen: string
let exports = 0

const sql = async (text: string, values: unknown[] = []) => await db.database.query(text, values)
const logFile = () => join(running.gateway.config.dataDir, 'keys', 'audit-log.json')
const look = async () => await running.gateway.trail.watch.look()
const doubt = async () => {
  await look()
  return running.gateway.trail.alarm.doubt
}

beforeAll(async () => {
  db = await freshPostgres()
  const { host, port, user, password } = connectionOf()
  running = await RunningGateway.start({
    DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${db.name}`,
    BAUTA_AUDIT_WITNESS_KEY: formatVerifierKey(officer),
  })
  folder = mkdtempSync(join(tmpdir(), 'bauta-administrator-'))
  for (let n = 0; n < ENTRIES; n++)
    await running.gateway.recorder.recordAction({ action: 'test', n })
  await look()
  logKey = (await running.gateway.trail.published.keys())[0] ?? ''
  expect(await witnessed()).toMatchObject({ kind: 'signed', before: null })
  for (const table of TABLES) await sql(`CREATE TABLE saved_${table} AS TABLE ${table}`)
  writeFileSync(`${logFile()}.saved`, readFileSync(logFile()))
})
afterAll(async () => {
  await running.stop()
  await db.drop()
  await rm(folder, { recursive: true, force: true })
})
/** As if nothing had been done. */
afterEach(async () => {
  for (const table of TABLES) {
    await sql(`TRUNCATE ${table}`)
    await sql(`INSERT INTO ${table} SELECT * FROM saved_${table}`)
  }
  writeFileSync(logFile(), readFileSync(`${logFile()}.saved`))
  expect(await doubt()).toBeNull()
})

function connectionOf() {
  const { options } = db.dataSource.driver as unknown as { options: { url: string } }
  const url = new URL(options.url)
  return { host: url.hostname, port: url.port, user: url.username, password: url.password }
}

/** The witness on a machine of its own, which keeps what it signs. */
async function witnessed(): Promise<WitnessOutcome> {
  const memory = {
    alone: async <T>(work: (open: never) => Promise<T>) =>
      await work({
        last: async () => seen ?? null,
        save: async (note: string) => {
          seen = note
        },
      } as never),
  }
  const keys = { log: logKey, witness: formatSignerKey(officer) }
  return await witnessLog(new HttpLog(running.origin), memory, keys)
}

/** Exports the trail as the command does and verifies it at home: the kinds of what is found, and at which entries. */
async function found(terms: Partial<VerificationTerms> = {}): Promise<unknown[]> {
  const dir = join(folder, `export-${exports++}`)
  const { trailExport } = running.gateway
  const plan = await trailExport.plan({ from: null, to: null, witnessed: false, since: null })
  await beginFolder(dir, { plan, format: 'ndjson', proofs: [] })
  const begun = { plan, format: 'ndjson', proofs: [] } as const
  await writeFolder(dir, trailExport, begun, await carriedFiles(), () => {})
  const brought = { logKey, witnessKey: formatVerifierKey(officer), withoutWitness: true, ...terms }
  const { findings } = await verifyExport(new ExportOnDisk(dir), brought)
  return findings.map(({ kind, entry }) => (entry === undefined ? kind : `${kind} ${entry}`))
}

/** The whole trail written anew around other entries, tree and all; what stands in the key folder too, where it is at hand. */
async function rewriteAll(alter: (leaves: Buffer[]) => void, withKeys: boolean): Promise<void> {
  const rows = await db.database.query<{ leaf: Buffer }>(
    'SELECT leaf FROM audit_entry ORDER BY log_index',
  )
  const leaves = rows.map(({ leaf }) => leaf)
  alter(leaves)
  const hashes = leaves.map((leaf) => leafHash(leaf))
  for (const [index, leaf] of leaves.entries())
    await sql('UPDATE audit_entry SET leaf = $2, leaf_hash = $3 WHERE log_index = $1', [
      index,
      leaf,
      hashes[index],
    ])
  const { tiles, root } = grow(EMPTY_EDGE, hashes)
  await sql('TRUNCATE audit_tile')
  for (const { address, hashes: bytes } of tiles)
    await sql('INSERT INTO audit_tile (level, tile_index, hashes) VALUES ($1, $2, $3)', [
      address.level,
      address.index,
      Buffer.from(bytes),
    ])
  if (!withKeys) return
  const { keys, checkpointSigner } = running.gateway.stores
  const { origin } = checkpointSigner
  const log = signerKey(origin, keys.installationKey('audit-log/1'))
  const note = signCheckpoint({ origin, size: leaves.length, root }, log)
  await sql('DELETE FROM audit_checkpoint WHERE size >= $1', [leaves.length])
  await sql(
    `INSERT INTO audit_checkpoint (epoch, size, root, note, signed_at) VALUES (1, $1, $2, $3, now())`,
    [leaves.length, Buffer.from(root), note],
  )
  const file = JSON.parse(readFileSync(logFile(), 'utf8')) as { logs: { last: string }[] }
  Object.assign(file.logs.at(-1) as object, { last: note })
  writeFileSync(logFile(), JSON.stringify(file))
}

describe('a database administrator who', () => {
  test('does nothing is not accused of anything', async () => {
    expect(await doubt()).toBeNull()
    expect(await found()).toEqual([])
    expect(await witnessed()).toMatchObject({ kind: 'signed' })
  })

  test('rewrites an entry is found by the next verification, with the number of that entry', async () => {
    await sql('UPDATE audit_entry SET leaf = $1 WHERE log_index = 100', [HARMLESS])
    expect(await found()).toEqual(['entry-altered 100'])
  })

  test('rewrites an entry together with its hash is found as well', async () => {
    await sql('UPDATE audit_entry SET leaf = $1, leaf_hash = $2 WHERE log_index = 100', [
      HARMLESS,
      leafHash(HARMLESS),
    ])
    expect(await found()).toEqual(['entry-altered 100'])
  })

  test('lets two entries change places is found', async () => {
    await sql(`UPDATE audit_entry a SET leaf = b.leaf, leaf_hash = b.leaf_hash, entry_id = b.entry_id
      FROM saved_audit_entry b WHERE a.log_index IN (10, 300) AND b.log_index = 310 - a.log_index`)
    expect((await found()).join()).toMatch(/entry-reordered|entry-altered 10/)
  })

  test('deletes an entry in the middle is found: by whoever exports, or by whoever verifies', async () => {
    await sql('DELETE FROM audit_entry WHERE log_index = 100')
    const outcome = await found().catch((error: Error) => [error.message])
    expect(outcome).not.toEqual([])
  })

  test('deletes the last entries stops disclosure at once', async () => {
    await sql('DELETE FROM audit_entry WHERE log_index >= 590')
    await sql('UPDATE audit_head SET size = 590')
    expect(await doubt()).toBe('shrunk')
    await expect(running.gateway.recorder.recordAction({ action: 'test' })).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
    })
    await sql('UPDATE audit_head SET size = (SELECT size FROM saved_audit_head)')
  })

  test('rewrites the trail with its tree stops disclosure as soon as anything is signed for', async () => {
    await rewriteAll((leaves) => leaves.splice(100, 1, HARMLESS), false)
    await running.gateway.recorder.recordAction({ action: 'test' })
    expect(await doubt()).toBe('diverged')
    expect((await found()).join()).toMatch(/entry-altered|root-mismatch|checkpoint/)
  })

  describe('rewrites everything with the log key in hand', () => {
    test('is not found by the log itself, nor by a verifier who asks for no witness', async () => {
      await rewriteAll((leaves) => leaves.splice(100, 1, HARMLESS), true)
      expect(await doubt()).toBeNull()
      expect(await found()).toEqual([])
    })

    test('is found by the witness, who signs no more', async () => {
      await rewriteAll((leaves) => leaves.splice(100, 1, HARMLESS), true)
      expect(await witnessed()).toMatchObject({ kind: 'alarm' })
    })

    test('is found by everybody who asks for the witness’s signature, or has kept a checkpoint', async () => {
      const kept = Buffer.from(seen)
      await rewriteAll((leaves) => leaves.splice(100, 1, HARMLESS), true)
      expect(await found({ withoutWitness: false })).toContain('witness-signature')
      expect((await found({ previous: kept })).join()).toMatch(/checkpoint-forked|checkpoint-other/)
    })
  })
})
