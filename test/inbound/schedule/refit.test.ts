import type { FitReport } from '../../../src/gateway/disclose/fit.ts'
import { Refit } from '../../../src/inbound/schedule/refit.ts'

describe('the schedule of fits', () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    jest.useRealTimers()
  })
  /** Lets so much time pass, and what is due in it run. */
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 500) {
      jest.advanceTimersByTime(500)
      for (let turn = 0; turn < 10; turn++) await null
    }
  }
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
    await pass(3_500)
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
    await pass(5_000)
    expect(begun).toBe(1)
    const stopped = refit.stop().then(() => running)
    end()
    expect(await stopped).toBe(0)
    await pass(5_000)
    expect([begun, most]).toEqual([1, 1])
  })
})
