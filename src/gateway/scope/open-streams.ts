import type { Principal } from '../../domain/access/principal.ts'
import { limits } from '../../kernel/limits.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { SecurityCounters } from './security-counters.ts'

/** Counts the streams that are open on this gateway: nobody may hold so many that none are left for the others. */
export class OpenStreams {
  readonly #counters: Pick<SecurityCounters, 'note'>
  readonly #open = new Map<string, number>()

  constructor(counters: Pick<SecurityCounters, 'note'>) {
    this.#counters = counters
  }

  /** @returns what to call, once, when the stream has ended. @throws Refusal RATE_LIMITED */
  open({ client, subject }: Principal, requestId: string): () => void {
    const most = subject === null ? limits.streamsPerClient : limits.streamsForPeople
    const places = [[`${client.id} ${subject === null ? 'itself' : 'people'}`, most]] as [
      string,
      number,
    ][]
    if (subject !== null) places.push([`${client.id} ${subject}`, limits.streamsPerPerson])
    if (places.some(([key, quota]) => (this.#open.get(key) ?? 0) >= quota)) {
      this.#counters.note('rate-limited', { requestId, clientId: client.id })
      throw new Refusal('RATE_LIMITED', 'Too many subscriptions are open; end one first.')
    }
    for (const [key] of places) this.#open.set(key, (this.#open.get(key) ?? 0) + 1)
    return () => {
      for (const [key] of places) {
        const left = (this.#open.get(key) ?? 1) - 1
        if (left > 0) this.#open.set(key, left)
        else this.#open.delete(key)
      }
    }
  }
}
