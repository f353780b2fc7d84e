import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { Command } from 'commander'
import { parse } from 'csv-parse/sync'
import { carriedFiles } from '../../src/carried-files.ts'
import { leafHash } from '../../src/domain/audit/merkle.ts'
import { discardedAction } from '../../src/domain/audit/retention.ts'
import { cosignNote, formatVerifierKey, signerKey } from '../../src/domain/audit/signed-note.ts'
import { verifyExport } from '../../src/gateway/attest/verify-export.ts'
import { registerAuditExport } from '../../src/inbound/cli/audit-export.ts'
import { ExportOnDisk } from '../../src/inbound/cli/export-on-disk.ts'
import { type As, RunningGateway } from '../running-gateway.ts'

const witness = signerKey('example.com/officer', Buffer.alloc(32, 9))
const FORMULA = '=cmd|1!A1'

let running: RunningGateway
let officer: As
let dir: string

beforeAll(async () => {
  running = await RunningGateway.start({ BAUTA_AUDIT_WITNESS_KEY: formatVerifierKey(witness) })
  dir = await mkdtemp(join(tmpdir(), 'bauta-export-'))
  officer = {
    token: await running.client({ id: 'officer', roles: ['compliance'], defaultPurpose: null }),
    purpose: 'COMPLIANCE',
  }
  await running.gateway.recorder.recordAction({ action: 'test' }, { audience: FORMULA })
  for (let n = 0; n < 5; n++) await running.ask(officer, `query Q${n} { viewer { audience } }`)
  await running.gateway.trail.watch.look()
})
afterAll(async () => {
  await running.stop()
  await rm(dir, { recursive: true, force: true })
})

const get = async (
  query: string,
  headers: Record<string, string> = {},
  as: Partial<As> = officer,
) =>
  await fetch(`${running.origin}/audit/export${query}`, {
    headers: {
      ...(as.token === undefined ? {} : { authorization: `Bearer ${as.token}` }),
      ...(as.purpose === undefined ? {} : { 'bauta-purpose': as.purpose }),
      ...headers,
    },
  })

/** Runs `bauta audit export`; the gateway stays open, because others share it. */
async function run(...args: string[]): Promise<string> {
  let told = ''
  const err = new Writable({
    write(chunk, _encoding, done) {
      told += String(chunk)
      done()
    },
  })
  const { trailExport: trail, exportDoor, reception } = running.gateway
  const by = () => exportDoor.operator(reception.newRequestId())
  const audit = new Command('audit').exitOverride()
  registerAuditExport(audit, async () => ({ trail, by, close: async () => {} }), carriedFiles, err)
  await audit.parseAsync(['export', ...args], { from: 'user' })
  return told
}

const verified = async (folder: string, withoutWitness = true) =>
  await verifyExport(new ExportOnDisk(folder), { withoutWitness })
const bytesOf = async (folder: string) => await readFile(join(folder, 'entries.jsonl'), 'utf8')

describe('an export to a folder', () => {
  test('verifies anywhere, and is an entry before it begins', async () => {
    const size = await running.gateway.stores.auditLog.size()
    const told = await run('--out', join(dir, 'whole'))
    expect(told).toContain(
      `${size} entries, 0 to ${size - 1} of ${size}; signed by the log, not witnessed.`,
    )
    expect(await verified(join(dir, 'whole'))).toMatchObject({ verified: true, findings: [] })
    expect((await verified(join(dir, 'whole'), false)).findings).not.toEqual([])
    const [entry] = await running.entries()
    expect(entry).toMatchObject({
      phase: 'export',
      outcome: 'permit',
      actor: { clientId: 'operator' },
      purpose: 'COMPLIANCE',
      action: { action: 'audit.export', first: 0, count: size, size, format: 'ndjson' },
    })
    expect((await readdir(join(dir, 'whole'))).sort()).toEqual([
      'README.txt',
      'checkpoint',
      'entries.jsonl',
      'hashes',
      'log.vkey',
      'range.json',
      'verify',
    ])
  })

  test('continues an earlier one, and carries the witness', async () => {
    const witnessed = async () => {
      await running.gateway.trail.watch.look()
      const checkpoint = await (await fetch(`${running.origin}/audit/checkpoint`)).text()
      return await fetch(`${running.origin}/audit/witness`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: cosignNote(checkpoint, witness),
      })
    }
    expect((await witnessed()).status).toBe(204)
    await run('--out', join(dir, 'first'), '--witnessed')
    expect(await verified(join(dir, 'first'), false)).toMatchObject({ verified: true })
    expect((await witnessed()).status).toBe(204)
    await running.gateway.trail.watch.look()
    const told = await run('--out', join(dir, 'next'), '--since', join(dir, 'first'), '--witnessed')
    expect(told).toContain('signed by the log and its witness')
    const report = await verified(join(dir, 'next'), false)
    expect(report).toMatchObject({ verified: true, findings: [] })
    const older = await readFile(join(dir, 'first', 'checkpoint'), 'utf8')
    expect(await readFile(join(dir, 'next', 'checkpoint.old'), 'utf8')).toBe(older)
    await expect(run('--out', join(dir, 'past'), '--to', '1999-01-01')).rejects.toThrow(
      'No entry of that time is signed for.',
    )
  })

  test('holds the smallest range with all entries of a time', async () => {
    const from = Date.parse((await running.entries())[0]?.time ?? '')
    await running.ask(officer, 'query Late { viewer { audience } }')
    await running.gateway.trail.watch.look()
    await run('--out', join(dir, 'late'), '--from', new Date(from).toISOString())
    const lines = (await bytesOf(join(dir, 'late'))).trim().split('\n')
    expect(lines.length).toBeLessThan(await running.gateway.stores.auditLog.size())
    expect(lines.every((line) => Date.parse(JSON.parse(line).time) >= from)).toBe(true)
    expect(lines.some((line) => JSON.parse(line).operation.name === 'Late')).toBe(true)
    expect(await verified(join(dir, 'late'))).toMatchObject({ verified: true })
  })

  test.each([
    ['in the middle of a line', -7, 0],
    ['between entries and hashes', 0, -32],
    ['in the middle of a hash', 0, -5],
  ])('goes on where a kill stopped it: %s', async (_where, entries, hashes) => {
    const out = join(dir, `killed${entries}${hashes}`)
    const { trailExport } = running.gateway
    const whole = trailExport.leaves.bind(trailExport)
    const leaves = jest.spyOn(trailExport, 'leaves').mockImplementationOnce(async function* (plan) {
      for await (const page of whole(plan)) yield page.slice(0, 3)
      throw new Error('killed')
    })
    await expect(run('--out', out)).rejects.toThrow('killed')
    leaves.mockRestore()
    for (const [file, change] of [
      ['entries.jsonl', entries],
      ['hashes', hashes],
    ] as const) {
      const path = join(`${out}.partial`, file)
      await truncate(path, (await readFile(path)).length + change)
    }
    await expect(run('--out', out)).rejects.toThrow('--resume')
    await run('--out', out, '--resume')
    expect(await verified(out)).toMatchObject({ verified: true, findings: [] })
    const [entry] = await running.entries()
    expect(entry?.action).toMatchObject({
      action: 'audit.export',
      after: entries || hashes ? 1 : 2,
    })
    await expect(run('--out', out, '--resume')).rejects.toThrow('no export')
    await expect(run('--out', out)).rejects.toThrow('is there already')
  })

  test('stands for discarded entries by their hash, and carries who announced them', async () => {
    const { gateway } = running
    await gateway.recorder.recordAction(discardedAction({ class: 'refusals', indices: [2, 3] }))
    await gateway.trail.watch.look()
    const real = gateway.stores.leaves.range.bind(gateway.stores.leaves)
    const range = jest.spyOn(gateway.stores.leaves, 'range').mockImplementation(async function* (
      ...asked
    ) {
      for await (const page of real(...asked))
        yield page.map((leaf) => ([2, 3].includes(leaf.index) ? { ...leaf, bytes: null } : leaf))
    })
    await run('--out', join(dir, 'discarded'), '--to', new Date(Date.now() + 1000).toISOString())
    range.mockRestore()
    expect((await bytesOf(join(dir, 'discarded'))).split('\n')[2]).toMatch(/^-[\w+/]{43}=$/)
    expect(await readdir(join(dir, 'discarded', 'announcements'))).toHaveLength(1)
    expect(await verified(join(dir, 'discarded'))).toMatchObject({ verified: true, findings: [] })
  })

  test('stops at a gap and says where', async () => {
    const { leaves } = running.gateway.stores
    const real = leaves.range.bind(leaves)
    const range = jest.spyOn(leaves, 'range').mockImplementation(async function* (...asked) {
      for await (const page of real(...asked)) yield page.filter(({ index }) => index !== 4)
    })
    await expect(run('--out', join(dir, 'gap'))).rejects.toThrow('Entry 4 of the trail is missing')
    range.mockRestore()
  })
})

describe('an export over HTTP', () => {
  test('streams the exact bytes of entries, and says which', async () => {
    const answer = await get('')
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson')
    const [, first, last, size] =
      /^(\d+)-(\d+)\/(\d+)$/.exec(answer.headers.get('bauta-entries') ?? '') ?? []
    expect([first, Number(size) - Number(last)]).toEqual(['0', 1])
    const lines = (await answer.text()).trimEnd().split('\n')
    expect(lines).toHaveLength(Number(size))
    const stored = await running.gateway.stores.leaves.at([0, 5])
    for (const { index, hash } of stored)
      expect(leafHash(Buffer.from(lines[index] ?? ''))).toEqual(hash)
    const [entry] = await running.entries()
    expect(entry).toMatchObject({
      phase: 'export',
      actor: { clientId: 'officer' },
      audience: 'officer',
    })
  })

  test('goes on after the last entry that arrived, of the same trail or not at all', async () => {
    const whole = await get('')
    const tag = whole.headers.get('etag') ?? ''
    const lines = (await whole.text()).split('\n')
    await running.gateway.trail.watch.look()
    const rest = await get('?after=2', { 'if-match': tag })
    expect(rest.headers.get('etag')).toBe(tag)
    expect(await rest.text()).toBe(lines.slice(3).join('\n'))
    expect((await running.entries())[0]?.action).toMatchObject({ first: 3, after: 2 })
    expect((await get('?after=2', { 'if-match': tag.replace(/.{4}"$/, '0000"') })).status).toBe(412)
    expect((await get('?after=2', { 'if-match': '"99999999-00"' })).status).toBe(412)
    const done = await get(`?after=${lines.length - 2}`, { 'if-match': tag })
    expect([done.status, await done.text()]).toEqual([200, ''])
    expect((await get('?after=99999')).status).toBe(400)
  })

  test('as CSV reads well in a spreadsheet, and holds no formula', async () => {
    const text = await (await get('?format=csv')).text()
    const rows: Record<string, string>[] = parse(text, { columns: true })
    expect(rows[0]).toMatchObject({ index: '0', phase: 'admin' })
    expect(rows.at(-1)).toMatchObject({ leafHash: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(rows.map(({ audience }) => audience)).toContain(`'${FORMULA}`)
    for (const cell of rows.flatMap((row) => Object.values(row)))
      expect(cell).not.toMatch(/^[=+\-@\t\r]/)
  })

  test('as OCSF holds an event for each entry', async () => {
    const events = (await (await get('?format=ocsf')).text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.every(({ class_uid }) => class_uid === 6_003)).toBe(true)
    expect(events.map(({ metadata }) => metadata.sequence)).toEqual(
      events.map((_event, index) => index),
    )
  })

  test('as a zip is the whole folder', async () => {
    const bytes = Buffer.from(await (await get('?format=zip')).arrayBuffer())
    const [path, folder] = [join(dir, 'export.zip'), join(dir, 'unzipped')]
    await writeFile(path, bytes)
    const program = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])'
    execFileSync('python3', ['-c', program, path, folder])
    expect(await verified(folder)).toMatchObject({ verified: true, findings: [] })
  })

  test.each([
    ['without a token', {}, '', 401],
    ['without a purpose', { purpose: undefined }, '', 400],
    ['for an unknown format', {}, '?format=xml', 400],
    ['for a time that is none', {}, '?from=yesterday', 400],
    ['for a time that runs backwards', {}, '?from=2026-01-02&to=2026-01-01', 400],
    ['for a time without entries', {}, '?to=1999-01-01', 404],
    ['after something that is no number', {}, '?after=-1', 400],
    ['of a zip in the middle', {}, '?format=zip&after=3', 400],
  ])('is refused %s', async (what, changes, query, status) => {
    const as = what === 'without a token' ? {} : { ...officer, ...changes }
    const answer = await get(query, {}, as as Partial<As>)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toContain('application/json')
  })

  test('is refused without the scope, and that is an entry', async () => {
    const token = await running.client({
      id: 'reader',
      roles: ['compliance'],
      scopes: ['audit:read'],
    })
    const answer = await get('', {}, { token, purpose: 'COMPLIANCE' })
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'FORBIDDEN' }])
    expect((await running.entries())[0]).toMatchObject({
      outcome: 'deny',
      code: 'FORBIDDEN',
      actor: { clientId: 'reader' },
      action: { action: 'audit.export' },
    })
  })
})
