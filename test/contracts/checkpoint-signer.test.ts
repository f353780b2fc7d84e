import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileCheckpointSigner } from '../../src/outbound/keys/file-checkpoint-signer.ts'
import { checkpointSignerContract, history, signAt } from './checkpoint-signer.contract.ts'

const newDir = () => mkdtempSync(join(tmpdir(), 'bauta-signer-'))
const openIn = async (dir: string, secret = 7, mayCreate = true) =>
  await FileCheckpointSigner.open({
    dir,
    seedOf: (epoch) => Buffer.alloc(32, secret + epoch),
    origin: 'gateway.example.com/audit',
    mayCreate,
  })

checkpointSignerContract('the key folder', () => {
  const dir = newDir()
  return async () => await openIn(dir)
})

describe('the file of the signer', () => {
  const one = history('one')

  test('holds the checkpoint before anybody is told of it, and no private key', async () => {
    const dir = newDir()
    const signer = await openIn(dir)
    const { note } = await signAt(signer, one, 5)
    const text = readFileSync(join(dir, 'audit-log.json'), 'utf8')
    expect(text).toContain(JSON.stringify(note))
    expect(text).not.toContain(Buffer.alloc(32, 8).toString('base64').slice(0, 30))
    expect(readdirSync(dir)).toEqual(['audit-log.json'])
  })

  test('that can not be written lets nothing be signed', async () => {
    const dir = newDir()
    const signer = await openIn(dir)
    await signAt(signer, one, 5)
    // A file in the way of the draft's folder fails for every user, root too.
    writeFileSync(join(dir, 'audit-log.turn'), '')
    await expect(signAt(signer, one, 6)).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' })
    rmSync(join(dir, 'audit-log.turn'))
    expect((await signer.last()).size).toBe(5)
    expect((await signAt(signer, one, 6)).size).toBe(6)
  })

  test('is not made anew where checkpoints exist', async () => {
    const dir = newDir()
    await expect(openIn(dir, 7, false)).rejects.toThrow(/restore the key folder/)
    expect(readdirSync(dir)).toEqual([])
    await openIn(dir)
    expect((await (await openIn(dir, 7, false)).last()).size).toBe(0)
  })

  test('is made once when several gateways start together', async () => {
    const dir = newDir()
    const opened = await Promise.all([openIn(dir), openIn(dir)])
    await signAt(opened[0] as FileCheckpointSigner, one, 3)
    expect((await opened[1]?.last())?.size).toBe(3)
  })

  test('is refused when it is damaged, altered, or sealed by another secret', async () => {
    const dir = newDir()
    const signer = await openIn(dir)
    await signAt(signer, one, 5)
    const path = join(dir, 'audit-log.json')
    const intact = readFileSync(path, 'utf8')
    const spoilt = [
      '',
      '{}',
      intact.slice(0, -30),
      intact.replace('audit-log/v1', 'audit-log/v9'),
      intact.replace('\\n5\\n', '\\n4\\n'),
    ]
    for (const text of spoilt) {
      writeFileSync(path, text)
      await expect(signer.last()).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' })
      await expect(signAt(signer, one, 6)).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' })
      await expect(openIn(dir)).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' })
    }
    writeFileSync(path, intact)
    await expect(openIn(dir, 9)).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' })
    expect((await signer.last()).size).toBe(5)
  })
})
