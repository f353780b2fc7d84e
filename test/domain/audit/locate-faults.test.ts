import { createHash } from 'node:crypto'
import { locateFaults } from '../../../src/domain/audit/locate-faults.ts'

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest()
const log = Array.from({ length: 30_000 }, (_, index) => hashOf(`entry ${index}`))

async function* pieces(hashes: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < hashes.length; at += 777) yield Buffer.concat(hashes.slice(at, at + 777))
}

const faultsIn = async (lines: readonly Buffer[]) =>
  await locateFaults(pieces(lines), () => pieces(log), 1_000)

describe('faults of many lines', () => {
  test('a long run of entries dropped is one fault', async () => {
    expect(await faultsIn([...log.slice(0, 5_000), ...log.slice(16_000)])).toEqual([
      expect.objectContaining({ kind: 'entry-dropped', entry: 6_000, lastEntry: 16_999 }),
    ])
  })

  test('a long run put elsewhere is reordered, each line named', async () => {
    const moved = [...log.slice(0, 100), ...log.slice(5_100), ...log.slice(100, 5_100)]
    const faults = await faultsIn(moved)
    expect(faults).toHaveLength(5_000)
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['entry-reordered']))
    expect(faults[0]).toMatchObject({ entry: 1_100, line: 25_001 })
  })

  test('faults at the beginning, in the middle and at the end are told apart', async () => {
    const lines = [...log]
    lines[0] = hashOf('altered')
    lines.splice(20_000, 1)
    lines.splice(15_000, 0, log[3] as Buffer)
    lines.splice(10_000, 0, hashOf('added'))
    lines.splice(-2)
    expect(await faultsIn(lines)).toEqual([
      expect.objectContaining({ kind: 'entry-altered', entry: 1_000, line: 1 }),
      expect.objectContaining({ kind: 'entry-added', line: 10_001 }),
      expect.objectContaining({ kind: 'entry-duplicated', entry: 1_003, line: 15_002 }),
      expect.objectContaining({ kind: 'entry-dropped', entry: 21_000 }),
      expect.objectContaining({ kind: 'tail-truncated', entry: 30_998, lastEntry: 30_999 }),
    ])
  })

  test('where nothing agrees any more, it is said from where on', async () => {
    const foreign = Buffer.alloc(300_000 * 32)
    for (let at = 0; at < 300_000; at++) foreign.writeUInt32BE(at, at * 32)
    const faults = await faultsIn([...log.slice(0, 10), foreign])
    expect(faults).toEqual([expect.objectContaining({ kind: 'root-mismatch', line: 11 })])
  })
})
