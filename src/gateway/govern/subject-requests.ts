import { linkTokenHash, newLinkToken } from '../../domain/privacy/link-token.ts'
import {
  DEFAULT_REGULATION,
  dueAt,
  isOpen,
  isPackageType,
  mayBecome,
  type SubjectRequestStatus,
  type SubjectRequestType,
} from '../../domain/privacy/subject-request.ts'
import type {
  HeldRequest,
  RequestLink,
  RequestStep,
  SubjectRequestStore,
} from '../../domain/profiles/subject-request-store.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, DAY, HOUR, MINUTE } from '../../kernel/time.ts'
import { OPERATOR, type Recorder } from '../scope/recorder.ts'
import type { By, Fulfilment, Incoming, Met } from './fulfilment.ts'
import type { RequestLetters, WhoAsks } from './request-letters.ts'

export interface SubjectRequestsParts {
  readonly store: SubjectRequestStore
  readonly fulfilment: Fulfilment
  readonly letters: RequestLetters
  readonly recorder: Pick<Recorder, 'recordAction'>
  readonly clock: Clock
  readonly randomness: Randomness
  /** Origin of the links that people are given. */
  readonly origin: string
}

/** Long enough to look into one's mail. */
const CONFIRM_WITHIN = DAY
/** After that, nobody can confirm any more: the last links have expired. */
const LAPSE_AFTER = 7 * DAY
/** Shown right after it was made; whoever comes later asks again and is given another. */
const LINK_LIVES = HOUR
const PACKAGE_LIVES = DAY
/** Whoever sends requests in somebody's name can not flood their mailbox. */
const MOST_LINKS = 3
const BATCH = 50

/**
 * The register of what people ask for about their own data (GDPR Articles 15 to 22). Each step stands on the trail before
 * it holds:
 *
 * | status      | becomes     | when                                                                              |
 * |-------------|-------------|-----------------------------------------------------------------------------------|
 * | (none)      | in_progress | the person has signed in                                                          |
 * | (none)      | pending     | somebody else asks in their name: the person is looked for later and sent a link, |
 * |             |             | so that the answer is the same for people who are known and who are not           |
 * | pending     | in_progress | the link was followed and confirmed, once                                         |
 * | pending     | cancelled   | by whoever asked, or nobody has confirmed within a week                           |
 * | in_progress | completed   | it was met; what a crash leaves behind is met by `resume`                          |
 */
export class SubjectRequests {
  readonly #parts: SubjectRequestsParts
  #counts = { open: 0, overdue: 0 }

  constructor(parts: SubjectRequestsParts) {
    this.#parts = parts
  }

  /** Open requests, and those of them that are overdue, as of the last look. */
  get counts(): { readonly open: number; readonly overdue: number } {
    return this.#counts
  }

  async count(): Promise<void> {
    this.#counts = await this.#parts.store.count(this.#parts.clock.now())
  }

  /**
   * Of a person who has signed in: met when this resolves. Asked again while the answer is there, it only gives another
   * link. @throws Refusal CONFLICT where the client's id stands for a request that is not known to be theirs.
   */
  async take(
    asked: { readonly type: SubjectRequestType; readonly subject: SubjectId } & Partial<Incoming>,
    by: By,
  ): Promise<Met> {
    const { store, clock } = this.#parts
    const answered = await store.answered(asked.subject, asked.type, clock.now())
    if (answered && asked.clientRequestId === undefined)
      return await this.#linkedAgain(answered, by)
    const request = this.#new(asked, 'in_progress', by)
    await this.#record('request.open', request, by)
    const held = await store.open(request, this.#parts.letters.statusOf(request, clock.now()))
    if (held.id === request.id) return await this.#meet(held, by)
    if (!(await store.isOf(held.id, asked.subject)))
      throw new Refusal('CONFLICT', 'This id stands for another request.')
    if (held.status !== 'pending') return { request: held, packageUrl: null }
    // Somebody had asked in their name; now they have said that it is them.
    return await this.#begin(held, by)
  }

  /** Of somebody who has not shown who they are: it waits for them to confirm. */
  async takeUnverified(asked: Incoming & { readonly who: WhoAsks }, by: By): Promise<HeldRequest> {
    const { letters, store } = this.#parts
    const fresh = this.#new({ ...asked, subject: null }, 'pending', by)
    const request = { ...fresh, identities: letters.sealed(fresh.id, 'identities', asked.who) }
    await this.#record('request.open', request, by)
    return await store.open(request, [])
  }

  /** The person follows the link that they were sent, and confirms. Null: it is no link (any more). */
  async confirm(token: string, type: string, requestId: string): Promise<Met | null> {
    const { store, clock } = this.#parts
    const hash = linkTokenHash(token)
    const held = hash && (await store.follow(hash, 'confirm', clock.now()))
    if (held?.type !== type || held.subject === null || held.status !== 'pending') return null
    const actor = { ...OPERATOR, clientId: held.clientId, roles: ['subject'] }
    const by = { actor, requestId }
    await this.#record('request.confirm', held, by)
    return await this.#begin(held, by)
  }

  /** @throws Refusal CONFLICT where it is not pending any more. */
  async cancel(held: HeldRequest, by: By): Promise<HeldRequest> {
    if (held.status !== 'pending')
      throw new Refusal('CONFLICT', `A request that is ${held.status} can not be cancelled.`)
    return await this.#settle(held, 'cancelled', by)
  }

  /** As long as its regulation allows, once, with the reason that the person is told. @throws Refusal CONFLICT */
  async extend(held: HeldRequest, reason: string, by: By): Promise<HeldRequest> {
    if (!isOpen(held) || held.extension !== null)
      throw new Refusal('CONFLICT', 'It is settled, or was extended already.')
    const due = dueAt(held.regulation, held.submittedAt, true)
    const request = { ...held, dueAt: due, extension: reason }
    await this.#record('request.extend', request, by)
    return await this.#stepped({ request })
  }

  /** Looks for the people in whose name was asked, and has links sent to them. @returns how many requests were looked at. */
  async resolve(): Promise<number> {
    const waiting = await this.#parts.store.unresolved(BATCH)
    for (const held of waiting) await this.#invite(held)
    return waiting.length
  }

  /** Goes on with what a crash has left, ends what nobody confirmed, removes answers that nobody may fetch any more. */
  async tidy(): Promise<number> {
    const { store, clock } = this.#parts
    const now = clock.now()
    const by = { actor: OPERATOR }
    const stuck = await store.stuck(now - MINUTE, BATCH)
    for (const held of stuck) await this.#resumed(held, by)
    const lapsed = await store.unconfirmed(now - LAPSE_AFTER, BATCH)
    for (const held of lapsed) await this.#settle(held, 'cancelled', by)
    return stuck.length + lapsed.length + (await store.discardExpired(now))
  }

  async #invite(held: HeldRequest): Promise<void> {
    const { fulfilment, letters, store, clock, randomness, origin } = this.#parts
    const who = letters.whoAsks(held)
    const subject = who && (await fulfilment.personOf(who))
    const found = { ...held, identities: null, subject }
    const now = clock.now()
    const isFlooded = subject !== null && (await store.liveLinks(subject, now)) >= MOST_LINKS
    const email = subject === null || isFlooded ? null : await fulfilment.emailOf(subject)
    if (subject === null || email === null) return void (await store.step({ request: found }))
    const token = newLinkToken(randomness)
    const expiresAt = now + CONFIRM_WITHIN
    const link = `${origin}/v1/confirm/${held.type}/${token}`
    await this.#record('request.invite', found, { actor: OPERATOR })
    await store.step({
      request: found,
      link: linkOf(held.id, 'confirm', token, expiresAt),
      messages: letters.invitation({ ...found, subject }, { email, link, expiresAt }, now),
    })
  }

  async #begin(held: HeldRequest, by: By): Promise<Met> {
    const { letters, clock } = this.#parts
    const request = { ...held, status: 'in_progress' as const, identities: null }
    const begun = await this.#stepped({
      request,
      messages: letters.statusOf(request, clock.now()),
    })
    return await this.#meet(begun, by)
  }

  async #meet(held: HeldRequest, by: By): Promise<Met> {
    const { fulfilment, clock, randomness } = this.#parts
    const { subject, type, id } = held
    if (subject === null || (type !== 'erasure' && !isPackageType(type)))
      throw new Error(`a ${type} is not met here`)
    if (type === 'erasure') {
      await fulfilment.erase(subject)
      // The person's rows are gone, and with them whose request this was.
      return {
        request: await this.#settle({ ...held, subject: null }, 'completed', by),
        packageUrl: null,
      }
    }
    const sealed = await fulfilment.packageOf(id, subject, type)
    if (sealed === null)
      return {
        request: await this.#settle({ ...held, subject: null }, 'cancelled', by),
        packageUrl: null,
      }
    const now = clock.now()
    const token = newLinkToken(randomness)
    const request = await this.#settle(held, 'completed', by, {
      package: { requestId: id, subject, sealed, expiresAt: now + PACKAGE_LIVES },
      link: linkOf(id, 'package', token, now + LINK_LIVES),
    })
    return { request, packageUrl: this.#packageUrl(token) }
  }

  async #resumed(held: HeldRequest, by: By): Promise<void> {
    if (held.subject !== null) return void (await this.#meet(held, by))
    await this.#settle(held, held.type === 'erasure' ? 'completed' : 'cancelled', by)
  }

  async #linkedAgain(request: HeldRequest, by: By): Promise<Met> {
    const { store, clock, randomness } = this.#parts
    const token = newLinkToken(randomness)
    await this.#record('request.link', request, by)
    await store.relink(linkOf(request.id, 'package', token, clock.now() + LINK_LIVES))
    return { request, packageUrl: this.#packageUrl(token) }
  }

  async #settle(
    held: HeldRequest,
    status: SubjectRequestStatus,
    by: By,
    more: Pick<RequestStep, 'package' | 'link'> = {},
  ): Promise<HeldRequest> {
    const { letters, clock } = this.#parts
    if (!mayBecome(held.status, status))
      throw new Refusal('CONFLICT', `A request that is ${held.status} can not become ${status}.`)
    const settledAt = clock.now()
    const request = { ...held, status, settledAt }
    await this.#record(`request.${status}`, request, by)
    const messages = letters.statusOf(request, settledAt)
    return await this.#stepped({ ...more, request, messages })
  }

  async #stepped(step: RequestStep): Promise<HeldRequest> {
    if (!(await this.#parts.store.step(step)))
      throw new Refusal('CONFLICT', 'Somebody else has just changed this request.')
    return { ...step.request, version: step.request.version + 1 }
  }

  #new(
    asked: {
      readonly type: SubjectRequestType
      readonly subject: SubjectId | null
    } & Partial<Incoming>,
    status: SubjectRequestStatus,
    by: By,
  ): HeldRequest {
    const { clock, randomness, letters } = this.#parts
    const now = clock.now()
    const id = uuidV7(now, randomness)
    const { type, subject, regulation = DEFAULT_REGULATION } = asked
    const { clientRequestId = null, callbacks = [] } = asked
    const submittedAt = asked.submittedAt ?? now
    return {
      id,
      version: 0,
      type,
      subject,
      status,
      clientId: by.actor?.clientId ?? OPERATOR.clientId,
      clientRequestId,
      regulation,
      submittedAt,
      receivedAt: now,
      dueAt: dueAt(regulation, submittedAt, false),
      extension: null,
      settledAt: null,
      identities: null,
      callbacks: callbacks.length > 0 ? letters.sealed(id, 'callbacks', callbacks) : null,
    }
  }

  #packageUrl(token: string): string {
    return `${this.#parts.origin}/v1/packages/${token}`
  }

  async #record(action: string, { id, type }: HeldRequest, by: By): Promise<void> {
    await this.#parts.recorder.recordAction({ action, request: id, type }, by)
  }
}

function linkOf(
  requestId: string,
  kind: RequestLink['kind'],
  token: string,
  expiresAt: number,
): RequestLink {
  const hash = linkTokenHash(token)
  if (hash === null) throw new Error('a token of another shape')
  return { requestId, kind, hash, expiresAt }
}
