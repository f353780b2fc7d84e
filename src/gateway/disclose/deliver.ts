import { nextAttempt } from '../../domain/delivery/attempts.ts'
import type {
  ClaimedDelivery,
  DeliveryQueue,
  DeliveryReason,
  DeliveryState,
  Settlement,
} from '../../domain/delivery/delivery-queue.ts'
import type { EndpointStore } from '../../domain/delivery/endpoint-store.ts'
import type { ConsentNeed } from '../../domain/delivery/outbox.ts'
import type { Poster, PostOutcome } from '../../domain/delivery/poster.ts'
import { type Letter, openMessage } from '../../domain/delivery/seal-message.ts'
import { signedHeaders } from '../../domain/delivery/webhook.ts'
import type { Category } from '../../domain/privacy/categories.ts'
import { consentAt } from '../../domain/privacy/consent.ts'
import { type ConsentVector, parseVector, standingOf } from '../../domain/privacy/consent-vector.ts'
import { refusalOfPurpose } from '../../domain/privacy/decide.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { open, SealError } from '../../domain/privacy/seal.ts'
import type { ProfileStore } from '../../domain/profiles/profile-store.ts'
import type { Randomness, SubjectId } from '../../kernel/ids.ts'
import { type Clock, type Instant, MINUTE } from '../../kernel/time.ts'
import { OPERATOR, type Recorder } from '../scope/recorder.ts'

/** Enough to keep a receiver busy, few enough that all are through within their lease. */
const BATCH = 20
/** Longer than an attempt can take, so that no other gateway sends the same meanwhile. */
const LEASE = MINUTE
const GONE = 410

/** Signs what goes to an address that a request named: by the protocol of that request. */
export type SignCallback = (body: string) => Readonly<Record<string, string>>

export interface DeliverParts {
  readonly queue: DeliveryQueue
  readonly endpoints: Pick<EndpointStore, 'disable'>
  readonly profiles: Pick<ProfileStore, 'load'>
  readonly keys: KeyStore
  readonly policy: Policy
  readonly recorder: Recorder
  readonly poster: Poster
  readonly signCallback: SignCallback
  readonly clock: Clock
  readonly randomness: Randomness
}

/** The way out for messages: each is decided about, recorded and signed at the moment at which it is sent. */
export class Deliver {
  readonly #parts: DeliverParts
  #counts: ReadonlyMap<DeliveryState, number> = new Map()

  constructor(parts: DeliverParts) {
    this.#parts = parts
  }

  /** Messages by state, as of the last look. */
  get counts(): ReadonlyMap<DeliveryState, number> {
    return this.#counts
  }

  async count(): Promise<void> {
    this.#counts = await this.#parts.queue.count()
  }

  /** Attempts everything that is due. @throws Refusal AUDIT_UNAVAILABLE: what was not recorded waits. */
  async run(): Promise<void> {
    const { queue, clock } = this.#parts
    for (;;) {
      const now = clock.now()
      const claimed = await queue.claim(now, BATCH, now + LEASE)
      const done = await Promise.allSettled(claimed.map((one) => this.#attempt(one)))
      for (const one of done) if (one.status === 'rejected') throw one.reason
      if (claimed.length < BATCH) return
    }
  }

  async #attempt(claimed: ClaimedDelivery): Promise<void> {
    const { queue, clock } = this.#parts
    const settlement = await this.#settlementOf(claimed)
    await queue.settle(claimed, settlement, clock.now())
  }

  async #settlementOf(claimed: ClaimedDelivery): Promise<Settlement> {
    const letter = this.#opened(claimed)
    if (typeof letter === 'string') return { state: 'dropped', reason: letter }
    const to = this.#addressOf(claimed, letter)
    if (to === null) return { state: 'dead', reason: 'no_endpoint' }
    const consent = await this.#consentOf(claimed)
    if (consent === null) return { state: 'dropped', reason: 'consent' }
    await this.#record(claimed, consent)
    const outcome = await this.#parts.poster.post(to.url, to.headers, letter.body)
    return await this.#judged(claimed, outcome)
  }

  #opened(claimed: ClaimedDelivery): Letter | 'erased' | 'altered' {
    try {
      return openMessage(claimed, this.#parts.keys) ?? 'erased'
    } catch (error) {
      if (error instanceof SealError) return 'altered'
      throw error
    }
  }

  #addressOf(
    { id, endpoint, clientId, audience }: ClaimedDelivery,
    { callback, body }: Letter,
  ): { url: string; headers: Readonly<Record<string, string>> } | null {
    const { clock, keys, signCallback } = this.#parts
    const type = { 'content-type': 'application/json' }
    // A revoked client has no audience any more, and is told nothing any more.
    if (audience === null) return null
    if (callback !== null) return { url: callback, headers: { ...type, ...signCallback(body) } }
    if (endpoint === null || endpoint.disabledAt !== null) return null
    const now = clock.now()
    const { secret, previous } = endpoint
    const sealed = previous && previous.until > now ? [secret, previous.secret] : [secret]
    const key = keys.installationKey('delivery')
    const secrets = sealed.map((one) => open(key, ['endpoint', clientId], one).toString('utf8'))
    return { url: endpoint.url, headers: { ...type, ...signedHeaders(id, now, body, secrets) } }
  }

  /** What stands for the purpose now, empty where no consent is asked for; null: it may not be sent. */
  async #consentOf({ subject, needs }: ClaimedDelivery): Promise<string | null> {
    if (needs === null) return ''
    const { profiles, clock } = this.#parts
    if (subject === null) return null
    const row = (await profiles.load([subject], new Set())).get(subject)
    if (!row) return null
    return this.#permitting(parseVector(consentAt(row.consent, clock.now())), needs)
  }

  #permitting(vector: ConsentVector, { purpose: key, categories, recipient }: ConsentNeed) {
    const { policy } = this.#parts
    const purpose = policy.purposes.get(key)
    const permits = (category: Category) =>
      purpose !== undefined &&
      refusalOfPurpose(policy, purpose, vector, category, recipient) === null
    if (categories.length === 0 || !categories.every(permits)) return null
    return standingOf(vector, key, recipient).standing?.state ?? 'ConsentUnknown'
  }

  /** Before a byte leaves: what goes to whom, about whom, and for which attempt. */
  async #record(
    { id, kind, attempts, clientId, audience, subject, needs, fields }: ClaimedDelivery,
    consent: string,
  ): Promise<void> {
    const { recorder, policy } = this.#parts
    const purpose = policy.purposes.get(needs?.purpose ?? '')
    const ref = this.#refOf(subject)
    await recorder.record({
      requestId: id,
      phase: 'decision',
      outcome: 'permit',
      actor: OPERATOR,
      audience: audience ?? clientId,
      operation: { documentId: null, name: null },
      purpose: purpose?.key ?? null,
      purposeIri: purpose?.dpv ?? null,
      legalBasis: purpose?.legalBasis ?? null,
      sets: ref === null ? [] : [{ fields }],
      subjects:
        ref === null
          ? []
          : [
              {
                ref,
                set: 0,
                consent: purpose ? { recordId: null, state: consent, source: 'record' } : null,
              },
            ],
      argsHmac: null,
      action: { action: 'delivery.send', kind, client: clientId, attempt: attempts },
    })
  }

  #refOf(subject: SubjectId | null): string | null {
    return subject === null ? null : this.#parts.keys.auditRefOf(subject)
  }

  async #judged(claimed: ClaimedDelivery, outcome: PostOutcome): Promise<Settlement> {
    const { clock, randomness, endpoints } = this.#parts
    const now = clock.now()
    if ('status' in outcome && outcome.status >= 200 && outcome.status < 300)
      return { state: 'delivered' }
    const reason: DeliveryReason = 'status' in outcome ? `http_${outcome.status}` : outcome.failure
    if (reason === `http_${GONE}`) {
      if (claimed.endpoint !== null) await endpoints.disable(claimed.clientId, now)
      return { state: 'dead', reason }
    }
    const nextAt: Instant | null = nextAttempt(claimed.attempts, now, randomness)
    return nextAt === null ? { state: 'dead', reason } : { state: 'waiting', reason, nextAt }
  }
}
