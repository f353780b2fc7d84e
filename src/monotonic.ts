import { setTimeout as sleep } from 'node:timers/promises'
import type { Monotonic } from './kernel/time.ts'

/** Of the same source as the timers: they end with the beats of its milliseconds, whenever within one they were begun. */
export const monotonic: Monotonic = {
  now: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  async waitUntil(instant) {
    const beat = Math.ceil(instant)
    // A timer counts from when its loop last looked at the time, so it may end a beat early.
    for (let now = this.now(); now < beat; now = this.now()) await sleep(beat - Math.floor(now))
  },
}
