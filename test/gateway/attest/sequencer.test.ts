import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditTree, GrowingTree } from '../../../src/domain/audit/audit-tree.ts'
import { leafHash, treeRootOf } from '../../../src/domain/audit/merkle.ts'
import { Sequencer } from '../../../src/gateway/attest/sequencer.ts'
import { TrailWatch } from '../../../src/gateway/attest/trail-watch.ts'
import { TrailAlarm, type TrailDoubt } from '../../../src/gateway/scope/trail-alarm.ts'
import { FileCheckpointSigner } from '../../../src/outbound/keys/file-checkpoint-signer.ts'
import { SetClock } from '../../clock-and-randomness.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bauta-sequencer-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

test('a gateway that wakes after others went on finds its look old, and does not doubt the trail', async () => {
  const entries = Array.from({ length: 15 }, (_, n) => leafHash(Buffer.from(`entry ${n}`)))
  const signer = await FileCheckpointSigner.open({
    dir,
    seedOf: (epoch) => Buffer.alloc(32, epoch),
    origin: 'gateway.example.com/audit',
    mayCreate: true,
  })
  /** It has the answers to what it asked before it was stopped; its turn was taken from it together with its session. */
  const asked: GrowingTree = {
    trailSize: async () => 10,
    size: async () => 0,
    leafHashes: async () => entries.slice(0, 10),
    read: async () => [],
    async store() {
      await signer.sign({ size: 15, root: treeRootOf(entries) }, async () => [])
    },
    saveCheckpoint: async () => await Promise.reject(new Error('the session was ended')),
  }
  const turns = [asked]
  const tree: Pick<AuditTree, 'latest' | 'growAlone'> = {
    latest: async () => null,
    async growAlone(_wait, work) {
      const turn = turns.pop()
      if (!turn) throw new Error('the session was ended')
      return await work(turn)
    },
  }
  const told: (TrailDoubt | null)[] = []
  const failures: unknown[] = []
  const clock = new SetClock()
  const log = { durableSize: async () => 10 }
  const watch = new TrailWatch(
    new Sequencer({ log, tree: tree as AuditTree, signer, clock }),
    signer,
    new TrailAlarm(clock, (doubt) => told.push(doubt)),
    (error) => failures.push(error),
  )
  await watch.look()
  expect((await signer.last()).size).toBe(15)
  expect(told).toEqual([])
  expect(failures).toEqual([new Error('the session was ended')])
})
