import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyExport } from '../../src/gateway/attest/verify-export.ts'
import { ExportOnDisk } from '../../src/inbound/cli/export-on-disk.ts'
import { RunningGateway } from '../running-gateway.ts'

let running: RunningGateway
let token: string
let dir: string

beforeAll(async () => {
  running = await RunningGateway.start()
  token = await running.client({ id: 'officer', roles: ['compliance'] })
  dir = await mkdtemp(join(tmpdir(), 'bauta-since-'))
  await running.gateway.trail.watch.look()
})
afterAll(async () => {
  await running.stop()
  await rm(dir, { recursive: true, force: true })
})

const get = async (query: string, headers: Record<string, string> = {}) =>
  await fetch(`${running.origin}/audit/export${query}`, {
    headers: { authorization: `Bearer ${token}`, 'bauta-purpose': 'COMPLIANCE', ...headers },
  })
const sizeOf = ({ headers }: Response) => Number(headers.get('bauta-entries')?.split('/')[1])

async function unzipped(answer: Response, name: string): Promise<string> {
  const [path, folder] = [join(dir, `${name}.zip`), join(dir, name)]
  await writeFile(path, Buffer.from(await answer.arrayBuffer()))
  const program = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])'
  execFileSync('python3', ['-c', program, path, folder])
  return folder
}

async function moreEntries(): Promise<void> {
  for (let n = 0; n < 3; n++) await running.gateway.recorder.recordAction({ action: 'test' })
  await running.gateway.trail.watch.look()
}

describe('an export over HTTP since an earlier one', () => {
  test('proves that it extends that one, of which only the size was told', async () => {
    const earlier = await get('?format=zip')
    const held = await readFile(join(await unzipped(earlier, 'earlier'), 'checkpoint'))
    await moreEntries()
    // A month later the checkpoint of the earlier export is still there, though others of that time are not.
    await running.gateway.stores.tree.discardCheckpointsBefore(Date.now() + 1_000)
    const later = await get(`?format=zip&since=${sizeOf(earlier)}`)
    const folder = await unzipped(later, 'later')
    expect(await readFile(join(folder, 'checkpoint.old'))).toEqual(held)
    const verified = async () =>
      await verifyExport(new ExportOnDisk(folder), { withoutWitness: true, previous: held })
    expect(await verified()).toMatchObject({ verified: true, findings: [] })
    const file = join(folder, 'consistency.json')
    const { oldSize, newSize, proof } = JSON.parse(await readFile(file, 'utf8'))
    expect([oldSize, newSize]).toEqual([sizeOf(earlier), sizeOf(later)])
    const altered = [Buffer.alloc(32).toString('base64'), ...proof.slice(1)]
    await writeFile(file, `${JSON.stringify({ oldSize, newSize, proof: altered })}\n`)
    expect((await verified()).findings).toMatchObject([{ kind: 'checkpoint-forked' }])
  })

  test('carries the proof beside a stream, also where that goes on', async () => {
    const earlier = await get('')
    await moreEntries()
    const later = await get(`?since=${sizeOf(earlier)}`)
    const told = later.headers.get('bauta-consistency') ?? ''
    const published = await fetch(
      `${running.origin}/audit/consistency?from=${sizeOf(earlier)}&to=${sizeOf(later)}`,
    )
    expect(JSON.parse(told)).toEqual(await published.json())
    const tag = { 'if-match': later.headers.get('etag') ?? '' }
    await moreEntries()
    const rest = await get(`?since=${sizeOf(earlier)}&after=2`, tag)
    expect(rest.headers.get('bauta-consistency')).toBe(told)
    expect((await get('')).headers.get('bauta-consistency')).toBeNull()
  })

  test('is refused where it was made before that one', async () => {
    const earlier = await get('')
    await moreEntries()
    const later = await get('')
    const tag = { 'if-match': earlier.headers.get('etag') ?? '' }
    const answer = await get(`?since=${sizeOf(later)}`, tag)
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { message: 'The earlier export is newer than what this one can hold.' },
    ])
  })

  test.each([
    ['something that is no size', 'since=0', 400, 'BAD_USER_INPUT'],
    ['two of them', 'since=1&since=2', 400, 'BAD_USER_INPUT'],
    ['one that never was', 'since=123456', 404, 'NOT_FOUND'],
  ])('is refused for %s', async (_what, query, status, code) => {
    const answer = await get(`?${query}`)
    expect([answer.status, await answer.json()]).toMatchObject([status, { code }])
  })
})
