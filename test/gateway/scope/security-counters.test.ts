import { SAMPLES, type SecurityCount } from '../../../src/domain/audit/security-counts.ts'
import { SecurityCounters } from '../../../src/gateway/scope/security-counters.ts'
import { HOUR, MINUTE } from '../../../src/kernel/time.ts'
import { SetClock } from '../../clock-and-randomness.ts'

describe('counts of what leaves no entry', () => {
  let clock: SetClock
  let isDown: boolean
  let brought: (readonly SecurityCount[])[]
  let counters: SecurityCounters

  const note = (times: number) => {
    for (let n = 0; n < times; n++)
      counters.note('bad-token', { requestId: `request-${n}`, clientId: null })
  }
  const sum = () => brought.flat().reduce((total, { count }) => total + count, 0)

  beforeEach(() => {
    clock = new SetClock()
    isDown = false
    brought = []
    counters = new SecurityCounters(
      {
        add: async (counts) => {
          if (isDown) throw new Error('the store is down')
          brought.push(counts)
        },
        find: async () => [],
        discardBefore: async () => 0,
      },
      clock,
    )
  })

  test('go to the store as one row a minute and event, however many there were', async () => {
    note(1_000)
    clock.pass(MINUTE)
    note(10)
    await counters.flush()
    await counters.flush()
    expect(brought).toHaveLength(1)
    expect(brought[0]?.map(({ event, count, samples }) => [event, count, samples.length])).toEqual([
      ['bad-token', 1_000, SAMPLES],
      ['bad-token', 10, SAMPLES],
    ])
    expect(counters.totals().get('bad-token')).toBe(1_010)
  })

  test('wait while the store is down, and none is lost or brought twice', async () => {
    note(3)
    isDown = true
    await expect(counters.flush()).rejects.toThrow('down')
    note(4)
    isDown = false
    await counters.flush()
    expect(sum()).toBe(7)
  })

  test('wait in a bounded number: of a store that stays down the oldest are given up', async () => {
    isDown = true
    for (let minute = 0; minute < 10_000; minute++) {
      note(1)
      clock.pass(MINUTE)
    }
    await expect(counters.flush()).rejects.toThrow('down')
    isDown = false
    await counters.flush()
    const rows = brought.flat()
    expect(rows.length).toBeGreaterThanOrEqual(60)
    expect(rows.length).toBeLessThan(1_000)
    expect(Math.max(...rows.map(({ minute }) => minute))).toBeGreaterThan(clock.now() - HOUR)
  })
})
