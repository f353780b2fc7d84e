import type { Gateway } from './compose.ts'
import { DataRetentionSweep } from './gateway/govern/data-retention.ts'

/** What keeps data about people from being kept too long. */
export function dataRetentionOf({ stores, recorder, clock }: Gateway): DataRetentionSweep {
  const { policy, dataRetention: rules, expiredData: expired } = stores
  return new DataRetentionSweep({ expired, policy, rules, recorder, clock })
}
