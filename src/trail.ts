import type { Config } from './config.ts'
import { acceptFork, type Fork } from './gateway/attest/fork.ts'
import { PublishedTree } from './gateway/attest/published-tree.ts'
import { Sequencer } from './gateway/attest/sequencer.ts'
import { type TrailState, trailState } from './gateway/attest/trail-state.ts'
import { TrailWatch } from './gateway/attest/trail-watch.ts'
import { Recorder } from './gateway/scope/recorder.ts'
import { TrailAlarm, type TrailDoubt } from './gateway/scope/trail-alarm.ts'
import { TrustedLog } from './gateway/scope/trusted-log.ts'
import { failureOf, Refusal } from './kernel/refusal.ts'
import { clock, randomness, type Say, type Stores } from './stores.ts'

/** What keeps the trail trustworthy, and what others may use of it. */
export interface Trail {
  /** The trail as doors append to it: it refuses while it is in doubt. */
  readonly trusted: TrustedLog
  readonly alarm: TrailAlarm
  readonly sequencer: Sequencer
  readonly watch: TrailWatch
  readonly published: PublishedTree
  /** For what has to be said also on a trail that is in doubt: how that was settled, and what a start has changed. */
  readonly unguarded: Recorder
  state(): Promise<TrailState>
  /** See `acceptFork`. */
  fork(): Promise<Fork>
}

/** Looks at the trail once, before anybody can append to it. @throws whatever else than the trail itself is wrong. */
export async function openTrail(stores: Stores, config: Config, say: Say): Promise<Trail> {
  const { auditLog: log, tree, archive, checkpointSigner: signer } = stores
  const alarm = new TrailAlarm(clock, (doubt) => say(alarmLine(doubt)))
  const sequencer = new Sequencer({ log, tree, signer, clock })
  const watch = new TrailWatch(sequencer, signer, alarm, (error) =>
    say(
      `Audit trail: nothing can be signed now: ${error instanceof Refusal ? error.message : failureOf(error).name}`,
    ),
  )
  await watch.begin()
  const unguarded = new Recorder(log, clock, randomness, stores.policy.version)
  return {
    trusted: new TrustedLog(log, alarm),
    alarm,
    sequencer,
    watch,
    published: new PublishedTree(tree, signer, config.auditWitnessKey, clock),
    unguarded,
    state: async () => await trailState({ log, tree, signer, archive, alarm }),
    fork: async () => await acceptFork({ sequencer, signer, recorder: unguarded }),
  }
}

const REASONS: Readonly<Record<TrailDoubt, string>> = {
  shrunk: 'it has fewer entries than were signed for',
  diverged: 'its entries are not those that were signed for',
  gap: 'an entry is missing',
  unsigned: 'it could not be signed for a minute',
}

function alarmLine(doubt: TrailDoubt | null): string {
  if (doubt === null) return 'Audit trail: the alarm is over, all entries are signed for.'
  return `AUDIT ALARM: the trail is in doubt: ${REASONS[doubt]}. Nothing is disclosed; docs/audit-alarm.md says what to do.`
}
