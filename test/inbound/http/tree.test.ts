import { openCheckpoint, signCheckpoint } from '../../../src/domain/audit/checkpoint.ts'
import { verifyConsistency, verifyInclusion } from '../../../src/domain/audit/merkle.ts'
import {
  cosignNote,
  formatVerifierKey,
  parseVerifierKey,
  signerKey,
} from '../../../src/domain/audit/signed-note.ts'
import { PublishedTree } from '../../../src/gateway/attest/published-tree.ts'
import { RunningGateway } from '../../running-gateway.ts'

const officer = signerKey('officer.example.com', Buffer.alloc(32, 3))
const stranger = signerKey('officer.example.com', Buffer.alloc(32, 4))
const decoded = (proof: readonly string[]) => proof.map((hash) => Buffer.from(hash, 'base64'))

describe('the tree over the audit trail, published', () => {
  let running: RunningGateway
  const get = async (path: string) => await fetch(`${running.origin}${path}`)
  const text = async (path: string) => await (await get(path)).text()
  const json = async (path: string) =>
    (await (await get(path)).json()) as { code?: string; proof: string[]; leafHash: string }
  const send = async (note: string, type = 'text/plain') =>
    await fetch(`${running.origin}/audit/witness`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: note,
    })
  const append = async (count: number) => {
    for (let n = 0; n < count; n++) await running.gateway.recorder.recordAction({ action: 'test' })
    await running.gateway.trail.watch.look()
  }
  const checkpoint = async () => {
    const note = await text('/audit/checkpoint')
    const [vkey = ''] = (await text('/audit/keys')).split('\n')
    return { note, ...openCheckpoint(note, parseVerifierKey(vkey), [officer]) }
  }

  beforeAll(async () => {
    running = await RunningGateway.start({
      BAUTA_PUBLIC_URL: 'http://gateway.example.com',
      BAUTA_AUDIT_WITNESS_KEY: formatVerifierKey(officer),
    })
    await append(5)
  })
  afterAll(async () => {
    await running.stop()
  })

  test('shows the newest checkpoint, signed by the key that it names', async () => {
    const size = await running.gateway.stores.auditLog.size()
    expect(await checkpoint()).toMatchObject({ origin: 'gateway.example.com/audit', size })
    expect((await get('/audit/checkpoint')).headers.get('content-type')).toMatch('text/plain')
  })

  test('proves that a checkpoint extends an earlier one', async () => {
    const old = await checkpoint()
    await append(4)
    const now = await checkpoint()
    const { proof } = await json(`/audit/consistency?from=${old.size}&to=${now.size}`)
    const claim = {
      oldSize: old.size,
      newSize: now.size,
      oldRoot: old.root,
      newRoot: now.root,
      proof: decoded(proof),
    }
    expect(now.size).toBe(old.size + 4)
    expect(verifyConsistency(claim)).toBe(true)
    expect(verifyConsistency({ ...claim, newRoot: old.root })).toBe(false)
  })

  test('proves that an entry is in it', async () => {
    const { size, root } = await checkpoint()
    const [stored] = await running.gateway.stores.leaves.at([2])
    const { proof, leafHash } = await json(`/audit/inclusion?index=2&size=${size}`)
    expect(Buffer.from(leafHash, 'base64')).toEqual(stored?.hash)
    const claim = { index: 2, size, root, proof: decoded(proof) }
    expect(verifyInclusion({ ...claim, leafHash: Buffer.from(leafHash, 'base64') })).toBe(true)
    expect(verifyInclusion({ ...claim, leafHash: root })).toBe(false)
  })

  test.each([
    '/audit/consistency',
    '/audit/consistency?from=1',
    '/audit/consistency?from=0&to=2',
    '/audit/consistency?from=3&to=2',
    '/audit/consistency?from=-1&to=2',
    '/audit/consistency?from=1&from=1&to=2',
    '/audit/consistency?from=1&to=1e1',
    '/audit/consistency?from=1&to=9999999',
    '/audit/inclusion?index=2&size=2',
    '/audit/inclusion?index=0&size=9999999',
    '/audit/inclusion?index=00&size=2',
    '/audit/inclusion?index=0&size=99999999999999999999',
  ])('refuses %s', async (path) => {
    const answer = await get(path)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: 'BAD_USER_INPUT' })
  })

  test('takes the witness’s signature over what the log has signed, and shows both', async () => {
    const before = await checkpoint()
    const witnessed = cosignNote(before.note, officer)
    expect((await send(witnessed)).status).toBe(204)
    expect((await send(witnessed)).status).toBe(204)
    const after = await checkpoint()
    expect(after.note).toBe(witnessed)
    expect(after.signedBy).toHaveLength(2)
    await append(1)
    expect((await checkpoint()).signedBy).toHaveLength(1)
    expect(await running.gateway.stores.tree.latestWitnessed()).toMatchObject({
      checkpoint: { size: before.size, note: before.note },
      line: witnessed.slice(before.note.length, -1),
    })
  })

  test('takes an older checkpoint late, also when it has been forgotten here', async () => {
    const { note, size } = await checkpoint()
    await append(2)
    await running.gateway.stores.tree.discardCheckpointsBefore(Date.now() + 1_000)
    expect((await send(cosignNote(note, officer))).status).toBe(204)
    expect(await running.gateway.stores.tree.latestWitnessed()).toMatchObject({
      checkpoint: { size, note },
    })
  })

  test('takes nothing else', async () => {
    const { note, size, root } = await checkpoint()
    const kept = await running.gateway.stores.tree.latestWitnessed()
    const origin = 'gateway.example.com/audit'
    const forged = signCheckpoint(
      { origin, size: size + 1, root },
      signerKey(origin, stranger.seed),
    )
    const spoilt = cosignNote(note, officer).replace(/.{6}=\n$/, 'AAAAA=\n')
    const hostile = [
      note,
      cosignNote(note, stranger),
      cosignNote(forged, officer),
      spoilt,
      note.replace(`\n${size}\n`, `\n${size + 1}\n`),
      '',
      'x'.repeat(10_000),
      '\u0000',
    ]
    for (const one of hostile) {
      const answer = await send(one)
      expect([one.slice(0, 80), answer.status]).toEqual([one.slice(0, 80), 400])
    }
    expect((await send('x'.repeat(20_000))).status).toBe(413)
    expect((await send(cosignNote(note, officer), 'application/json')).status).toBe(415)
    expect(await running.gateway.stores.tree.latestWitnessed()).toEqual(kept)
  })

  test('lets nothing out while the trail is not what was signed, and says so to operators', async () => {
    const key = await running.client({ id: 'asker', roles: ['support'], audience: 'asker' })
    const asked = async () => await running.ask({ token: key }, '{ __typename }')
    const state = async () => ({
      ready: (await get('/health/ready')).status,
      parts: ((await (await get('/health/ready')).json()) as { parts: object }).parts,
      alarm: /^bauta_audit_alarm (\d)$/m.exec(await text('/metrics'))?.[1],
    })
    expect((await asked()).status).toBe(200)
    const { database } = running.gateway.stores.opened
    await running.gateway.trail.watch.look()
    expect(await state()).toMatchObject({ ready: 200, parts: { audit: true }, alarm: '0' })
    await database.query('UPDATE audit_head SET size = size - 1')
    await running.gateway.trail.watch.look()
    expect(await asked()).toMatchObject({ status: 503, codes: ['AUDIT_UNAVAILABLE'] })
    expect(await state()).toMatchObject({ ready: 503, parts: { audit: false }, alarm: '1' })
    await database.query('UPDATE audit_head SET size = size + 1')
    await running.gateway.trail.watch.look()
    expect((await asked()).status).toBe(200)
    expect(await state()).toMatchObject({ ready: 200, alarm: '0' })
  })

  test('takes nobody’s signature where no witness is known', async () => {
    const { stores, clock } = running.gateway
    const alone = new PublishedTree(stores.tree, stores.checkpointSigner, null, clock)
    const { note } = await checkpoint()
    await expect(alone.acceptWitness(cosignNote(note, officer))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })
})
