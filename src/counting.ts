import { CountDesk } from './gateway/disclose/count-desk.ts'
import type { Recorder } from './gateway/scope/recorder.ts'
import { randomness, type Stores } from './stores.ts'
import type { Trail } from './trail.ts'

/** What counts of people are made with: noise is drawn from here on, between requests. */
export function openCounting(stores: Stores, trail: Trail, recorder: Recorder): CountDesk {
  return new CountDesk({
    rules: stores.countRules,
    ledger: stores.countLedger,
    sets: stores.countedSets,
    recorder,
    alarm: trail.alarm,
    randomness,
    later: (work) => void setImmediate(work),
  })
}
