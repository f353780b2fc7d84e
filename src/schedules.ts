import type { Gateway } from './compose.ts'
import { AlteredEntryError } from './gateway/attest/archiver.ts'
import { Refit } from './inbound/schedule/refit.ts'
import { Rounds } from './inbound/schedule/rounds.ts'
import { failureOf, Refusal } from './kernel/refusal.ts'
import { HOUR, SECOND } from './kernel/time.ts'
import type { Say } from './stores.ts'
import type { Sweep, SweepTotals } from './sweep-totals.ts'
import { sweepsOf } from './sweeps.ts'

/** At ten thousand entries a second half of the smallest sensible reserve is written between two looks. */
const LOOK_AT_STORAGE = 5 * SECOND
/** What a crash may take of the counts of strangers. */
const BRING_COUNTS = 5 * SECOND
const FORGET_COUNTS = HOUR
const COUNT_DELIVERIES = 15 * SECOND

/** Everything that the clock asks of a serving gateway; `stop` lets what is under way end. */
export function startSchedules(gateway: Gateway, say: Say): { stop(): Promise<void> } {
  const { fit, reserve, counters, trail, delivery, requests } = gateway
  const saying = (what: string) => (error: unknown) =>
    say(`${what}: ${error instanceof Refusal ? error.message : 'see the log'}`)
  const refit = new Refit(fit, {
    onFit: ({ model, members }) => say(`Recommender model ${model} fitted over ${members} people.`),
    onFailure: saying('The recommender was not fitted'),
  })
  refit.start()
  trail.alarm.expectVouching()
  const running = [
    refit,
    new Rounds(() => trail.watch.look(), saying('The audit trail was not looked at')).start(SECOND),
    new Rounds(() => reserve.look(), saying('Storage could not be looked at')).start(
      LOOK_AT_STORAGE,
    ),
    new Rounds(() => counters.flush(), saying('Counts of refusals wait')).start(BRING_COUNTS),
    new Rounds(() => counters.sweep(), saying('Old counts were not discarded')).start(
      FORGET_COUNTS,
    ),
    ...forwarding(gateway, say),
    new Rounds(() => delivery.deliver.run(), saying('Messages wait')).start(SECOND),
    new Rounds(() => delivery.deliver.count(), saying('Messages were not counted')).start(
      COUNT_DELIVERIES,
    ),
    new Rounds(
      async () => void (await requests.register.resolve()),
      saying('Requests of people wait'),
    ).start(SECOND),
    new Rounds(
      () => requests.register.count(),
      saying('Requests of people were not counted'),
    ).start(COUNT_DELIVERIES),
    ...sweepsOf(gateway).map((sweep) => sweeping(sweep, gateway.sweeps, say)),
  ]
  return { stop: async () => void (await Promise.all(running.map((one) => one.stop()))) }
}

/** Said is the first of several failures in a row; the next round tries again. */
function forwarding({ forwarder }: Gateway, say: Say): { stop(): Promise<void> }[] {
  if (forwarder === null) return []
  let isFailing = false
  const round = async () => {
    await forwarder.run()
    isFailing = false
  }
  const onFailure = (error: unknown) => {
    if (!isFailing) say(`The audit trail is not sent on: ${String(failureOf(error).name)}.`)
    isFailing = true
  }
  const rounds = new Rounds(round, onFailure).start(SECOND)
  return [
    {
      async stop() {
        await forwarder.close()
        await rounds.stop()
      },
    },
  ]
}

/** Said are the rounds of sweeps that come seldom, and of failures in a row the first of each kind. */
function sweeping(sweep: Sweep, totals: SweepTotals, say: Say): Rounds {
  const what = sweep.name.replaceAll('_', ' ')
  let failure = ''
  const round = async () => {
    const count = await totals.count(sweep)
    failure = ''
    if (count > 0 && sweep.every >= HOUR) say(`Swept: ${count} ${what}.`)
  }
  const onFailure = (error: unknown) => {
    const known = error instanceof Refusal || error instanceof AlteredEntryError
    const now = known ? error.message : String(failureOf(error).name)
    if (now !== failure) say(`Sweeping of ${what} failed: ${now}`)
    failure = now
  }
  return new Rounds(round, onFailure).start(sweep.every)
}
