import { createHash } from 'node:crypto'
import type { Principal } from '../../domain/access/principal.ts'
import type { RateBudget } from '../../domain/access/rate-budget.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { SECOND } from '../../kernel/time.ts'
import type { Audiences } from './audiences.ts'
import type { SecurityCounters } from './security-counters.ts'

/** What a client may spend within a minute. */
export interface PerMinute {
  readonly requests: number
  /** Units of estimated cost. */
  readonly cost: number
}

/** One budget as a request has left it. */
export interface BudgetState {
  readonly name: keyof PerMinute
  readonly quota: number
  readonly remaining: number
  readonly resetSeconds: number
}

/** Who spends: of a principal, what its budgets hang on. */
export type Spender = Pick<Principal, 'client' | 'registered' | 'budgetsFrom' | 'tokenId'> &
  Partial<Pick<Principal, 'subject' | 'foreign'>>

/** One person may use a tenth of what the client has that acts for them: the others of a shop must be served too. */
const PERSONS_SHARE = 10

interface BudgetsParts {
  readonly rates: RateBudget
  readonly counters: SecurityCounters
  /** Of clients whose registration says nothing else. */
  readonly perMinute: PerMinute
  readonly audiences: Pick<Audiences, 'of'>
}

/** The budgets of clients, and of tokens that were given less than their client has. */
export class Budgets {
  readonly #parts: BudgetsParts

  constructor(parts: BudgetsParts) {
    this.#parts = parts
  }

  /** For one request; nothing is spent by that alone. */
  of(principal: Spender, requestId: string): Allowance {
    return new Allowance(this.#parts, principal, requestId)
  }
}

/** What one request may still spend of its client's minute, and of its token's where that has less. */
export class Allowance {
  readonly #parts: BudgetsParts
  readonly #principal: Spender
  readonly #requestId: string
  readonly #states = new Map<keyof PerMinute, BudgetState>()
  #retryAfter: number | null = null

  constructor(parts: BudgetsParts, principal: Spender, requestId: string) {
    this.#parts = parts
    this.#principal = principal
    this.#requestId = requestId
  }

  /** More than this no single query may cost: it could never be answered. */
  get costPerMinute(): number {
    return Math.min(...this.#levels('cost').map(({ quota }) => quota))
  }

  /** Budgets that were spent from, the scarcer of client and token each. */
  get states(): readonly BudgetState[] {
    return [...this.#states.values()]
  }

  /** Seconds until what was refused is worth another try; null: nothing was refused. */
  get retryAfter(): number | null {
    return this.#retryAfter
  }

  /** @throws Refusal RATE_LIMITED */
  async spendRequest(): Promise<void> {
    await this.#spend('requests', 1)
  }

  /** What was refused is spent as well: the minute is over for this client then. @throws Refusal RATE_LIMITED */
  async spendCost(units: number): Promise<void> {
    await this.#spend('cost', Math.ceil(units))
  }

  async #spend(name: keyof PerMinute, units: number): Promise<void> {
    // One after the other: what is refused in one must not be taken from those that it shares the next with.
    for (const { key, quota } of this.#levels(name)) await this.#spendFrom(key, name, quota, units)
  }

  /** Under what is counted, the narrowest first. A token that may spend all that another has it is made of shares its. */
  #levels(name: keyof PerMinute): readonly { readonly key: string; readonly quota: number }[] {
    const { client, tokenId, budgetsFrom = [] } = this.#principal
    const whole = this.#whole(name)
    const levels = [{ key: `${name} ${client.id}`, quota: whole }]
    const person = this.#person()
    if (person !== null)
      levels.unshift({
        key: `${name} ${client.id} ${person}`,
        quota: Math.ceil(whole / PERSONS_SHARE),
      })
    let least = whole
    for (const [jti, quota] of [
      ...budgetsFrom.map((one) => [one.jti, perMinuteOf(one)[name]] as const).reverse(),
      [tokenId, this.#own(name)] as const,
    ]) {
      if (quota === null || quota >= least) continue
      levels.unshift({ key: `${name} ${client.id} ${jti}`, quota })
      least = quota
    }
    return levels
  }

  /** Whoever is acted for, by a hash that names nobody where it is counted; null: the client speaks for itself. */
  #person(): string | null {
    const { client, subject = null, foreign, tokenId } = this.#principal
    if (subject === null) return foreign ? (foreign.staff ?? tokenId) : null
    const pseudonym = this.#parts.audiences.of(client.audience).of(subject)
    return `person-${createHash('sha256').update(pseudonym).digest('base64url').slice(0, 22)}`
  }

  async #spendFrom(
    key: string,
    name: keyof PerMinute,
    quota: number,
    units: number,
  ): Promise<void> {
    const { rates, counters } = this.#parts
    const spent = await rates.spend(key, units)
    const remaining = Math.max(0, quota - spent.units)
    const resetSeconds = Math.max(1, Math.ceil(spent.resetMs / SECOND))
    const scarcer = this.#states.get(name)
    if (!scarcer || remaining < scarcer.remaining)
      this.#states.set(name, { name, quota, remaining, resetSeconds })
    if (spent.units <= quota) return
    this.#retryAfter = resetSeconds
    const clientId = this.#principal.client.id
    counters.note('rate-limited', { requestId: this.#requestId, clientId })
    throw new Refusal(
      'RATE_LIMITED',
      name === 'requests'
        ? 'Too many requests within a minute; Retry-After says when there are more.'
        : 'The queries of this minute cost too much together; Retry-After says when to go on.',
      { retryAfter: resetSeconds },
    )
  }

  /** What the token may spend: as its client, unless it was given less. */
  #own(name: keyof PerMinute): number {
    return perMinuteOf(this.#principal.client)[name] ?? this.#parts.perMinute[name]
  }

  #whole(name: keyof PerMinute): number {
    const { client, registered = client } = this.#principal
    return perMinuteOf(registered)[name] ?? this.#parts.perMinute[name]
  }
}

function perMinuteOf({
  requestsPerMinute,
  costPerMinute,
}: Pick<Principal['client'], 'requestsPerMinute' | 'costPerMinute'>) {
  return { requests: requestsPerMinute, cost: costPerMinute }
}
