import type { Fit, FitReport } from '../../gateway/disclose/fit.ts'
import { MINUTE } from '../../kernel/time.ts'

/** Often enough that a day's novelty is recommended the same day, seldom enough that fitting stays a small share of the work. */
export const REFIT_INTERVAL = 15 * MINUTE

/** The clock as a caller: keeps the recommender fitted. */
export class Refit {
  readonly #fit: Pick<Fit, 'runIfDue'>
  readonly #onFit: (report: FitReport) => void
  readonly #onFailure: (error: unknown) => void
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> | null = null

  constructor(
    fit: Pick<Fit, 'runIfDue'>,
    tell: { onFit: (report: FitReport) => void; onFailure: (error: unknown) => void },
  ) {
    this.#fit = fit
    this.#onFit = tell.onFit
    this.#onFailure = tell.onFailure
  }

  /** Looks at once and then at every interval, given in milliseconds; a fit that takes longer than one delays the next. */
  start(interval = REFIT_INTERVAL): void {
    const look = () => {
      this.#running ??= this.#look().finally(() => {
        this.#running = null
      })
    }
    look()
    this.#timer = setInterval(look, interval)
    this.#timer.unref()
  }

  /** No further fit begins; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    await this.#running
  }

  async #look(): Promise<void> {
    try {
      const report = await this.#fit.runIfDue()
      if (report) this.#onFit(report)
    } catch (error) {
      this.#onFailure(error)
    }
  }
}
