import {
  DEFAULT_REGULATION,
  isOpen,
  regulations,
  subjectRequestStatuses,
} from '../../domain/privacy/subject-request.ts'
import type {
  HeldRequest,
  SubjectRequestStore,
} from '../../domain/profiles/subject-request-store.ts'
import { isUuid, type SubjectId } from '../../kernel/ids.ts'
import { limits } from '../../kernel/limits.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Instant } from '../../kernel/time.ts'
import { byClient } from '../scope/actor.ts'
import type { Audiences } from '../scope/audiences.ts'
import { namedPerson } from '../scope/named-person.ts'
import type { Scope } from '../scope/scope.ts'
import type { SubjectRequests } from './subject-requests.ts'

/** A request as its person and compliance are shown it. */
export interface SubjectRequestView {
  readonly id: string
  readonly type: string
  readonly status: string
  /** Under which law it was asked: by it the deadline counts. */
  readonly regulation: string
  readonly submittedAt: Instant
  readonly receivedAt: Instant
  readonly dueAt: Instant
  readonly overdue: boolean
  readonly extension: string | null
  readonly settledAt: Instant | null
  /** Where the answer can be fetched, for an hour; only right after it was made, and only for the person. */
  readonly packageUrl: string | null
  /** Pseudonym in the caller's audience; null where it is nobody's (any more). */
  readonly person: string | null
}

const MAX_REASON = 500

/** Requests as callers with a token open and see them: people their own, compliance those of everybody. */
export class RequestDesk {
  readonly #requests: SubjectRequests
  readonly #store: SubjectRequestStore
  readonly #audiences: Audiences

  constructor(requests: SubjectRequests, store: SubjectRequestStore, audiences: Audiences) {
    this.#requests = requests
    this.#store = store
    this.#audiences = audiences
  }

  /**
   * A person who has signed in is answered at once. Where staff asks for somebody, that person is sent a link first.
   * @param profile pseudonym of the person, for staff; null: the person acted for.
   * @param named the regulation under which is asked; null: the one with the shorter deadline.
   * @throws Refusal FORBIDDEN, NOT_FOUND, BAD_USER_INPUT
   */
  async ask(
    scope: Scope,
    type: 'access' | 'portability',
    profile: string | null,
    named: string | null,
  ): Promise<SubjectRequestView> {
    const regulation = regulations.find((one) => one === (named ?? DEFAULT_REGULATION))
    if (regulation === undefined)
      throw new Refusal('BAD_USER_INPUT', `A regulation is one of ${regulations.join(', ')}.`)
    const subject = namedPerson(scope, this.#audiences, profile)
    if (scope.grant.actsForSubject) {
      ownPerson(scope)
      const { request, packageUrl } = await this.#requests.take(
        { type, subject, regulation },
        byClient(scope),
      )
      return this.#shown(scope, request, packageUrl)
    }
    assertStaff(scope)
    const who = { identities: [], subject }
    const asked = { type, who, regulation, submittedAt: null, clientRequestId: null, callbacks: [] }
    return this.#shown(scope, await this.#requests.takeUnverified(asked, byClient(scope)))
  }

  /** Newest first. @throws Refusal FORBIDDEN, BAD_USER_INPUT */
  async list(
    scope: Scope,
    filter: { readonly status: string | null; readonly overdue: boolean },
    first: number,
  ): Promise<readonly SubjectRequestView[]> {
    if (!Number.isInteger(first) || first < 1 || first > limits.pageSize)
      throw new Refusal('BAD_USER_INPUT', `Ask for 1 to ${limits.pageSize} requests.`)
    const status = subjectRequestStatuses.find((one) => one === filter.status) ?? null
    if (filter.status !== null && status === null)
      throw new Refusal(
        'BAD_USER_INPUT',
        `A status is one of ${subjectRequestStatuses.join(', ')}.`,
      )
    const found = await this.#store.list({
      status,
      overdueAt: filter.overdue ? scope.now : null,
      subject: isCompliance(scope) ? null : ownPerson(scope),
      limit: first,
    })
    return found.map((one) => this.#shown(scope, one))
  }

  /** Null also where it is somebody else's: they look the same. */
  async find(scope: Scope, id: string): Promise<SubjectRequestView | null> {
    const found = await this.#known(scope, id)
    return found && this.#shown(scope, found)
  }

  /** @throws Refusal NOT_FOUND, FORBIDDEN, CONFLICT */
  async cancel(scope: Scope, id: string): Promise<SubjectRequestView> {
    const found = await this.#known(scope, id)
    if (!found) throw notFound()
    return this.#shown(scope, await this.#requests.cancel(found, byClient(scope)))
  }

  /** For compliance. @throws Refusal FORBIDDEN, NOT_FOUND, BAD_USER_INPUT, CONFLICT */
  async extend(scope: Scope, id: string, reason: string): Promise<SubjectRequestView> {
    assertStaff(scope)
    const text = reason.trim()
    if (text === '' || text.length > MAX_REASON || /\p{Cc}/u.test(text))
      throw new Refusal(
        'BAD_USER_INPUT',
        `Give a reason in one line, at most ${MAX_REASON} characters.`,
      )
    const found = await this.#known(scope, id)
    if (!found) throw notFound()
    return this.#shown(scope, await this.#requests.extend(found, text, byClient(scope)))
  }

  async #known(scope: Scope, id: string): Promise<HeldRequest | null> {
    const own = isCompliance(scope) ? null : ownPerson(scope)
    const found = isUuid(id) ? await this.#store.find(id) : null
    if (found === null || own === null) return found
    return (await this.#store.isOf(id, own)) ? found : null
  }

  #shown(scope: Scope, request: HeldRequest, packageUrl: string | null = null): SubjectRequestView {
    const { id, type, status, dueAt, extension, settledAt, subject } = request
    return {
      id,
      type,
      status,
      regulation: request.regulation,
      submittedAt: request.submittedAt,
      receivedAt: request.receivedAt,
      dueAt,
      overdue: isOpen(request) && dueAt < scope.now,
      extension,
      settledAt,
      packageUrl,
      person: subject === null ? null : this.#audiences.of(scope.grant.audience).of(subject),
    }
  }
}

/** For requests of everybody. */
function isCompliance({ grant, principal }: Scope): boolean {
  return !grant.actsForSubject && principal.subjects === null && grant.roles.includes('compliance')
}

function assertStaff(scope: Scope): void {
  if (!isCompliance(scope)) throw new Refusal('FORBIDDEN', 'Only compliance may do that.')
}

/** Whoever has signed in. A visitor is a device, and nobody knows whose. */
function ownPerson({ grant, principal }: Scope): SubjectId {
  if (!grant.actsForSubject || principal.subject === null || principal.roles.includes('visitor'))
    throw new Refusal(
      'FORBIDDEN',
      'This needs the token of a person who has signed in, or compliance.',
    )
  return principal.subject
}

function notFound(): Refusal {
  return new Refusal('NOT_FOUND', 'There is no such request.')
}
