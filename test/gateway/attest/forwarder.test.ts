import type { TrailLeaf } from '../../../src/domain/audit/audit-leaves.ts'
import type { SinkRecord } from '../../../src/domain/audit/audit-sink.ts'
import { Forwarder, type ForwarderParts } from '../../../src/gateway/attest/forwarder.ts'

const entry = (index: number) => ({
  v: 1,
  entryId: `entry-${index}`,
  time: '2026-01-31T09:30:00.000Z',
  requestId: 'r',
  phase: 'admin',
  outcome: 'permit',
  actor: { clientId: 'c', userPseudonym: null, roles: [], tokenJti: null, cnfJkt: null },
  audience: 'a',
  operation: { documentId: null, name: null },
  policy: { version: '1', ruleIds: [] },
  sets: [],
  subjects: [],
})
const textOf = (index: number) => JSON.stringify(entry(index))

/** A trail, a position and a sink that can be told to fail. */
class House {
  size = 0
  next = 0
  readonly discarded = new Set<number>()
  readonly batches: SinkRecord[][] = []
  failing = 0
  busy = false

  forwarder(more: Partial<ForwarderParts> = {}): Forwarder {
    return new Forwarder({
      log: { size: async () => this.size },
      leaves: { at: async () => [], range: (first, count) => this.#range(first, count) },
      position: {
        next: async () => this.next,
        advance: async (next) => {
          this.next = next
        },
        alone: async (work) => (this.busy ? null : await work()),
      },
      sink: {
        send: async (records) => {
          if (this.failing-- > 0) throw new Error('not now')
          this.batches.push([...records])
        },
        close: async () => {},
      },
      format: 'ndjson',
      backOff: { retries: 3, minTimeout: 0 },
      ...more,
    })
  }

  get lines(): string[] {
    return this.batches.flat().map(({ line }) => line)
  }

  async *#range(first: number, count: number): AsyncIterable<readonly TrailLeaf[]> {
    yield Array.from({ length: count }, (_, at) => ({
      index: first + at,
      hash: new Uint8Array(32),
      bytes: this.discarded.has(first + at) ? null : Buffer.from(textOf(first + at)),
    }))
  }
}

describe('the trail is sent on', () => {
  test('byte for byte, in order, in batches, from where it was left', async () => {
    const house = new House()
    house.size = 1_203
    const forwarder = house.forwarder()
    await forwarder.run()
    expect(house.batches.map(({ length }) => length)).toEqual([500, 500, 203])
    expect(house.lines).toEqual(Array.from({ length: 1_203 }, (_, index) => textOf(index)))
    expect([house.next, forwarder.lag]).toEqual([1_203, 0])
    house.size = 1_204
    await house.forwarder().run()
    expect(house.lines.slice(1_203)).toEqual([textOf(1_203)])
  })

  test('without entries that were discarded, and on beyond them', async () => {
    const house = new House()
    house.size = 3
    for (const index of [0, 1]) house.discarded.add(index)
    await house.forwarder().run()
    expect(house.lines).toEqual([textOf(2)])
  })

  test('again where the sink did not take it, and its place is kept until it did', async () => {
    const house = new House()
    house.size = 2
    house.failing = 2
    const forwarder = house.forwarder()
    await forwarder.run()
    expect([house.lines.length, forwarder.failures]).toEqual([2, 2])
    house.size = 4
    house.failing = 100
    await expect(forwarder.run()).rejects.toThrow('not now')
    expect([house.next, forwarder.lag]).toEqual([2, 2])
    house.failing = 0
    await forwarder.run()
    expect(house.lines).toHaveLength(4)
  })

  test('by one gateway at a time', async () => {
    const house = new House()
    house.size = 2
    house.busy = true
    await house.forwarder().run()
    expect(house.lines).toEqual([])
  })

  test('as OCSF events where that is wanted', async () => {
    const house = new House()
    house.size = 1
    await house.forwarder({ format: 'ocsf' }).run()
    expect(JSON.parse(house.lines[0] ?? '')).toMatchObject({
      class_uid: 6_003,
      metadata: { uid: 'entry-0' },
    })
  })

  test('no further once it is closed', async () => {
    const house = new House()
    house.size = 1
    house.failing = 100
    const forwarder = house.forwarder({ backOff: { retries: 50, minTimeout: 60_000 } })
    const running = forwarder.run()
    while (forwarder.failures === 0) await new Promise((resolve) => setImmediate(resolve))
    await forwarder.close()
    await running
    expect([house.next, house.lines]).toEqual([0, []])
  })
})
