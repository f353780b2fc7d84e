import type { Gateway } from './compose.ts'
import { Replay } from './gateway/disclose/replay.ts'
import { ReplayedTrail } from './gateway/disclose/trail-replay.ts'

/** What `bauta audit replay` needs of the gateway. */
export function replayOf({ stores, recorder, randomness }: Gateway): ReplayedTrail {
  const { auditLog: log, leaves, policyVersions: versions, pastPeople: people } = stores
  const { keys, clients } = stores
  const replay = new Replay({ versions, people, keys, clients })
  return new ReplayedTrail({ replay, log, leaves, recorder, randomness })
}
