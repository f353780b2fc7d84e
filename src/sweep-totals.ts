/** Work that keeps the stores from growing, each piece under the name that metrics have for what it does. */
export interface Sweep {
  readonly name: string
  /** Milliseconds from one round to the next. */
  readonly every: number
  /** One round. @returns how many it has moved or removed. */
  run(): Promise<number>
}

/** What the sweeps of this process have done so far, by name. */
export class SweepTotals {
  readonly done = new Map<string, number>()
  readonly failed = new Map<string, number>()

  /** A round of a sweep, counted. @throws what made it fail. */
  async count(sweep: Sweep): Promise<number> {
    const { name } = sweep
    try {
      const count = await sweep.run()
      this.done.set(name, (this.done.get(name) ?? 0) + count)
      return count
    } catch (error) {
      this.failed.set(name, (this.failed.get(name) ?? 0) + 1)
      throw error
    }
  }
}
