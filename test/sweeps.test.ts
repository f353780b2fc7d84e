import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { Command } from 'commander'
import { carriedFiles } from '../src/carried-files.ts'
import type { Gateway } from '../src/compose.ts'
import { argumentLookUp } from '../src/domain/audit/arguments.ts'
import { compilePolicy } from '../src/domain/privacy/policy.ts'
import { verifyExport } from '../src/gateway/attest/verify-export.ts'
import { registerAuditExport } from '../src/inbound/cli/audit-export.ts'
import { ExportOnDisk } from '../src/inbound/cli/export-on-disk.ts'
import { DAY, isoInstant } from '../src/kernel/time.ts'
import { readPolicyTables } from '../src/policy-files.ts'
import { sweepsOf } from '../src/sweeps.ts'
import { RunningGateway } from './running-gateway.ts'

let running: RunningGateway
beforeAll(async () => {
  running = await RunningGateway.start()
})
afterAll(async () => {
  await running.stop()
})

/** One round of a sweep, as a gateway runs it some days from now. */
async function sweep(name: string, days = 0): Promise<number> {
  const gateway: Gateway = { ...running.gateway, clock: { now: () => Date.now() + days * DAY } }
  const one = sweepsOf(gateway).find((each) => each.name === name)
  if (!one) throw new Error(`no sweep ${name}`)
  return await gateway.sweeps.count(one)
}
const day = (days: number) => isoInstant(Date.now() + days * DAY).slice(0, 10)

test('keys of days go after 30 days, and an entry says so', async () => {
  const { dayKeys } = running.gateway.stores
  const { database } = running.gateway.stores.opened
  for (const age of [-40, -31, -30, 0]) await dayKeys.make(day(age))
  for (const [index, found] of [
    [-3, day(-31)],
    [-2, day(-30)],
    [-1, null],
  ] as const)
    await database.query('INSERT INTO audit_argument VALUES ($1, $2)', [
      argumentLookUp(Buffer.alloc(16), found),
      index,
    ])
  expect(await sweep('day_keys')).toBe(2)
  expect(await dayKeys.days()).toEqual(expect.arrayContaining([day(-30), day(0)]))
  expect(await dayKeys.find(day(-31))).toBeNull()
  const [entry] = await running.entries()
  expect(entry?.action).toEqual({ action: 'day-keys.destroy', days: `${day(-40)} ${day(-31)}` })
  const left = await database.query('SELECT log_index::int FROM audit_argument ORDER BY log_index')
  expect(left).toEqual([{ log_index: -2 }, { log_index: -1 }])
  expect(await sweep('day_keys')).toBe(0)
})

test('a wrapping key is followed by another after 30 days, and destroyed as many later', async () => {
  const numbers = async () =>
    (await running.gateway.stores.keys.wrappingKeys()).map(({ number }) => number)
  expect(await sweep('wrapping_keys', 29)).toBe(0)
  expect(await numbers()).toEqual([1])
  expect(await sweep('wrapping_keys', 31)).toBe(0)
  expect(await numbers()).toEqual([1, 2])
  expect(await sweep('wrapping_keys', 29)).toBe(0)
  expect(await numbers()).toEqual([1, 2])
  const entries = await running.entriesOf(async () => {
    expect(await sweep('wrapping_keys', 31)).toBe(1)
  })
  // The clock of this sweep is ahead of the one that the keys have: the second one is old for it too.
  expect(await numbers()).toEqual([2, 3])
  expect(entries.map(({ action }) => action)).toEqual([
    { action: 'keys.destroy', keys: 'wrapping', numbers: '1' },
    { action: 'keys.rotate', keys: 'wrapping', number: 3 },
  ])
})

test('told changes go after a day', async () => {
  const { database } = running.gateway.stores.opened
  await database.query(
    `INSERT INTO change (kind, subject_id, changed_at)
     SELECT 'profile', gen_random_uuid(), now() - age FROM unnest(ARRAY[interval '25 hours', interval '23 hours']) AS age`,
  )
  expect(await sweep('changes')).toBe(1)
  expect(await sweep('changes')).toBe(0)
})

test('checkpoints that nobody has witnessed go after a day, but not the newest', async () => {
  const { trail, recorder } = running.gateway
  await recorder.recordAction({ action: 'test' })
  await trail.watch.look()
  await recorder.recordAction({ action: 'test' })
  await trail.watch.look()
  expect(await sweep('checkpoints')).toBe(0)
  expect(await sweep('checkpoints', 2)).toBeGreaterThan(0)
  expect((await running.gateway.stores.tree.latest())?.size).toBe(
    await running.gateway.stores.auditLog.size(),
  )
})

test('entries are archived and discarded as settings and policy say', async () => {
  const { recorder, trail, config, stores } = running.gateway
  expect(config.auditArchiveDays).toBe(30)
  const class400 = stores.retention.find((rule) => rule.class === 'sign-ins')
  expect(class400?.days).toBe(400)
  for (let n = 0; n < 256; n++) await recorder.recordAction({ action: 'token.issue' })
  await trail.watch.look()
  expect(await sweep('archived_entries', 29)).toBe(0)
  expect(await sweep('archived_entries', 31)).toBe(256)
  expect(await sweep('discarded_entries', 390)).toBe(0)
  const discarded = await sweep('discarded_entries', 401)
  expect(discarded).toBeGreaterThan(200)
  const [entry] = await running.entries()
  expect(entry?.action).toMatchObject({
    action: 'audit.discarded',
    class: 'sign-ins',
    count: discarded,
  })
  expect(await sweep('journal_files')).toBe(0)
})

test('what lies in bundles, or is gone by its class, verifies in an export as before', async () => {
  const { trailExport: trail, exportDoor, reception, trail: tree } = running.gateway
  await tree.watch.look()
  const dir = mkdtempSync(join(tmpdir(), 'bauta-sweeps-'))
  const audit = new Command('audit').exitOverride()
  const by = () => exportDoor.operator(reception.newRequestId())
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  registerAuditExport(
    audit,
    async () => ({ trail, by, close: async () => {} }),
    carriedFiles,
    silent,
  )
  await audit.parseAsync(['export', '--out', join(dir, 'all')], { from: 'user' })
  const folder = new ExportOnDisk(join(dir, 'all'))
  const discarded = running.gateway.sweeps.done.get('discarded_entries')
  expect(await verifyExport(folder, { withoutWitness: true })).toMatchObject({
    verified: true,
    findings: [],
    discarded,
  })
  rmSync(dir, { recursive: true })
})

test('operators see what was swept, and what failed', async () => {
  const failing = {
    name: 'changes',
    every: 1,
    run: async () => await Promise.reject(new Error('x')),
  }
  await expect(running.gateway.sweeps.count(failing)).rejects.toThrow('x')
  const text = await (await fetch(`${running.origin}/metrics`)).text()
  expect(text).toMatch(/^bauta_swept_total\{what="archived_entries"\} 256$/m)
  expect(text).toMatch(/^bauta_swept_total\{what="day_keys"\} 2$/m)
  expect(text).toMatch(/^bauta_sweep_failures_total\{what="changes"\} 1$/m)
})

test('another retention table is another policy version', () => {
  const tables = readPolicyTables('policy')
  const [first, ...rest] = tables.retention ?? []
  const shorter = { ...tables, retention: [{ ...first, keep_days: '7' }, ...rest] }
  expect(compilePolicy(shorter as typeof tables).version).not.toBe(compilePolicy(tables).version)
})
