interface Round<V> {
  readonly settled: Promise<unknown>
  next: Promise<V> | null
}

/**
 * Asks the same question once for all who wait, and never answers with what was asked before they came: whoever
 * arrives while a question is under way gets the answer of the next one. So nothing is remembered, a revocation counts
 * for every request that begins after it, and sixteen connections with one token cost two look-ups, not sixteen.
 */
export class NextAnswer<V> {
  readonly #ask: (key: string) => Promise<V>
  readonly #rounds = new Map<string, Round<V>>()

  constructor(ask: (key: string) => Promise<V>) {
    this.#ask = ask
  }

  to(key: string): Promise<V> {
    const round = this.#rounds.get(key)
    if (!round) return this.#start(key)
    round.next ??= round.settled.then(() => this.#start(key))
    return round.next
  }

  #start(key: string): Promise<V> {
    const answer = this.#ask(key)
    const round: Round<V> = {
      settled: answer.catch(() => {}).then(() => this.#end(key, round)),
      next: null,
    }
    this.#rounds.set(key, round)
    return answer
  }

  #end(key: string, round: Round<V>): void {
    if (round.next === null) this.#rounds.delete(key)
  }
}
