import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { Command } from 'commander'
import { exportFiles } from '../../../src/domain/audit/export-folder.ts'
import { formatVerifierKey } from '../../../src/domain/audit/signed-note.ts'
import { registerAuditVerify } from '../../../src/inbound/cli/audit-verify.ts'
import {
  type FolderInMemory,
  logKey,
  SmallLog,
  witnessKey,
} from '../../gateway/attest/exported-log.ts'

const temporary = mkdtempSync(join(tmpdir(), 'verify-'))
const log = SmallLog.of(300)
const whole = await log.export({ first: 100, count: 150, size: 300, oldSize: 200 })
let dir: string
let printed: string
let said: string

function write(folder: FolderInMemory): void {
  for (const [file, bytes] of folder.files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), bytes)
  }
}

/** @returns the exit code. */
async function verify(...words: string[]): Promise<unknown> {
  const program = new Command()
  const err = new Writable({
    write(chunk, _encoding, done) {
      said += String(chunk)
      done()
    },
  })
  registerAuditVerify(program, {
    out: (text) => {
      printed += text
    },
    err,
  })
  try {
    await program.parseAsync(['verify', ...words], { from: 'user' })
    return process.exitCode
  } finally {
    process.exitCode = undefined
  }
}

beforeEach(() => {
  dir = mkdtempSync(join(temporary, 'export-'))
  printed = ''
  said = ''
  write(whole)
})
afterAll(() => rmSync(temporary, { recursive: true }))

describe('bauta audit verify', () => {
  test('exits with 0 where nothing is wrong, and says whose keys it believed', async () => {
    expect(await verify(dir)).toBe(0)
    expect(printed).toContain('VERIFIED: no entry was changed')
    expect(printed).toContain('example.com/trail, a log of 300 entries: entries 100 to 249 (150)')
    expect(printed).toContain('taken from the export: compare it')
    expect(said).toBe('')
  })

  test('takes keys as files or as they are, and the checkpoint of an export kept', async () => {
    const key = join(dir, 'mine.vkey')
    writeFileSync(key, `${formatVerifierKey(logKey)}\n`)
    const kept = mkdtempSync(join(temporary, 'kept-'))
    writeFileSync(join(kept, exportFiles.checkpoint), await log.checkpoint(200))
    const held = ['--log-key', key, '--witness-key', formatVerifierKey(witnessKey)]
    expect(await verify(dir, ...held, '--previous', kept)).toBe(0)
    expect(printed).not.toContain('compare it')
    expect(await verify(dir, ...held, '--previous', join(kept, exportFiles.checkpoint))).toBe(0)
    expect(await verify(dir, '--log-key', formatVerifierKey(witnessKey))).toBe(1)
  })

  test('exits with 1 and names the entry and the line', async () => {
    const folder = whole.copy()
    folder.lines = folder.lines.map((line, at) => (at === 7 ? '{}' : line))
    write(folder)
    expect(await verify(dir)).toBe(1)
    expect(printed).toContain('NOT VERIFIED: 1 findings')
    expect(printed).toContain('entry-altered entry 107 line 8: Line 8 is not the entry')
  })

  test('says it to programs', async () => {
    rmSync(join(dir, exportFiles.hashes))
    expect(await verify(dir, '--json')).toBe(1)
    expect(JSON.parse(printed)).toMatchObject({
      verified: false,
      findings: [{ kind: 'file-missing', file: 'hashes' }],
      range: { first: 100, count: 150 },
    })
  })

  test('does without a witness only where it is told to', async () => {
    write(await log.export({ first: 100, count: 150, size: 300, oldSize: 200, witness: null }))
    rmSync(join(dir, exportFiles.witnessKey))
    expect(await verify(dir)).toBe(1)
    expect(await verify(dir, '--without-witness')).toBe(0)
    expect(printed).toContain('this shows only what the holder of the log key wants it to')
  })

  test('exits with 2 where the question can not be answered', async () => {
    expect(await verify(join(dir, 'nowhere'))).toBe(2)
    expect(await verify(dir, '--log-key', join(dir, 'nowhere'))).toBe(2)
    expect(await verify(dir, '--log-key', 'no+such+key')).toBe(2)
    expect(await verify(dir, '--previous', join(dir, 'nowhere'))).toBe(2)
    expect(printed).toBe('')
    expect(said).toContain('neither a key nor a file')
  })

  test('follows no link out of the folder', async () => {
    rmSync(join(dir, exportFiles.entries))
    symlinkSync('/dev/zero', join(dir, exportFiles.entries))
    expect(await verify(dir)).toBe(1)
    expect(printed).toContain('entries.jsonl is missing')
  })
})
