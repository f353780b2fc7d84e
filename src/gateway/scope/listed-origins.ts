import type { ClientStore } from '../../domain/access/principal.ts'
import { type Clock, type Instant, SECOND } from '../../kernel/time.ts'

/** Browsers ask before they send, often and without a credential: at most one look a second goes to the store. */
const KNOWN_FOR = SECOND

/** The origins of pages that any registered client lists, as they were within the last second. */
export class ListedOrigins {
  readonly #clients: Pick<ClientStore, 'list'>
  readonly #clock: Clock
  #known: Promise<ReadonlySet<string>> | null = null
  #until: Instant = 0

  constructor(clients: Pick<ClientStore, 'list'>, clock: Clock) {
    this.#clients = clients
    this.#clock = clock
  }

  async has(origin: string): Promise<boolean> {
    return (await this.#listed()).has(origin)
  }

  async #listed(): Promise<ReadonlySet<string>> {
    const now = this.#clock.now()
    if (this.#known && now < this.#until) return await this.#known
    const asked = this.#ask()
    this.#known = asked
    this.#until = now + KNOWN_FOR
    // What failed once is asked again, not remembered.
    asked.catch(() => {
      if (this.#known === asked) this.#known = null
    })
    return await asked
  }

  async #ask(): Promise<ReadonlySet<string>> {
    const clients = await this.#clients.list()
    const active = clients.filter(({ disabledAt }) => disabledAt === null)
    return new Set(active.flatMap(({ origins }) => origins))
  }
}
