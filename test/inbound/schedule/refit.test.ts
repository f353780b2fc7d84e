import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { FitReport } from '../../../src/gateway/disclose/fit.ts'
import { Refit } from '../../../src/inbound/schedule/refit.ts'

describe('the schedule of fits', () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    jest.useRealTimers()
  })
  const report: FitReport = { model: 1, members: 2, renewed: 2 }

  test('looks at once and at every interval, goes on after a failure, and tells of fits only', async () => {
    const answers: (() => Promise<FitReport | null>)[] = [
      async () => report,
      async () => Promise.reject(new Error('database gone')),
      async () => null,
      async () => report,
    ]
    const fits: FitReport[] = []
    const failures: unknown[] = []
    const refit = new Refit(
      { runIfDue: () => (answers.shift() ?? (async () => null))() },
      { onFit: (one) => fits.push(one), onFailure: (error) => failures.push(error) },
    )
    refit.start(1_000)
    await jest.advanceTimersByTimeAsync(3_500)
    expect(answers).toHaveLength(0)
    expect(fits).toEqual([report, report])
    expect(failures).toEqual([new Error('database gone')])
    await refit.stop()
  })

  test('runs one fit at a time, and stops when that has ended', async () => {
    let running = 0
    let most = 0
    let begun = 0
    let end = () => {}
    const refit = new Refit(
      {
        runIfDue: async () => {
          begun += 1
          running += 1
          most = Math.max(most, running)
          await new Promise<void>((resolve) => {
            end = resolve
          })
          running -= 1
          return report
        },
      },
      { onFit: () => {}, onFailure: () => {} },
    )
    refit.start(1_000)
    await jest.advanceTimersByTimeAsync(5_000)
    expect(begun).toBe(1)
    const stopped = refit.stop().then(() => running)
    end()
    expect(await stopped).toBe(0)
    await jest.advanceTimersByTimeAsync(5_000)
    expect([begun, most]).toEqual([1, 1])
  })
})
