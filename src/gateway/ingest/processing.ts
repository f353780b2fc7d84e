import type { SealedMessage } from '../../domain/delivery/outbox.ts'
import type { NoticeKind, RecipientNotices } from '../../domain/delivery/recipients.ts'
import { EVERY_PURPOSE } from '../../domain/privacy/consent.ts'
import type { ConsentStateName } from '../../domain/privacy/consent-vector.ts'
import type { SubjectRequestType } from '../../domain/privacy/subject-request.ts'
import { metRequest } from '../../domain/profiles/met-request.ts'
import type { Randomness, SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Audiences } from '../scope/audiences.ts'
import { namedPerson } from '../scope/named-person.ts'
import type { Scope } from '../scope/scope.ts'
import type { Ingest } from './ingest.ts'

/** What a person may demand of the use of their data, and what takes it back. */
export const processingDemands = {
  restrict: 'Restricted',
  liftRestriction: 'RestrictionLifted',
  object: 'Objected',
  liftObjection: 'ObjectionLifted',
} as const satisfies Readonly<Record<string, ConsentStateName>>
export type ProcessingDemand = keyof typeof processingDemands

/** What is taken back concerns nobody but who asks again. */
const NOTICED: Readonly<Record<ProcessingDemand, NoticeKind | null>> = {
  restrict: 'subject.restricted',
  liftRestriction: null,
  object: 'subject.objected',
  liftObjection: null,
}

/** What stands in the register of requests; taking a demand back is none. */
const RIGHTS: Partial<Record<ProcessingDemand, SubjectRequestType>> = {
  restrict: 'restriction',
  object: 'objection',
}

/** Restriction (GDPR Article 18) of all that is done with a person's data, and objection (Article 21) to one purpose. */
export class Processing {
  readonly #ingest: Ingest
  readonly #audiences: Audiences
  readonly #notices: RecipientNotices
  readonly #randomness: Randomness

  constructor(
    ingest: Ingest,
    audiences: Audiences,
    notices: RecipientNotices,
    randomness: Randomness,
  ) {
    this.#notices = notices
    this.#randomness = randomness
    this.#ingest = ingest
    this.#audiences = audiences
  }

  /**
   * Of the person acted for, or whom staff names. When this resolves, every read that starts later sees it, and the
   * person's memberships and lists have been renewed. It stands in the register of requests as met from then on.
   * @param about.purpose of an objection; a restriction has none.
   * @throws Refusal FORBIDDEN, NOT_FOUND, BAD_USER_INPUT
   */
  async demand(
    scope: Scope,
    demand: ProcessingDemand,
    about: { readonly purpose: string | null; readonly profile: string | null },
  ): Promise<void> {
    if (!scope.grant.scopes.has('rights:write'))
      throw new Refusal('FORBIDDEN', 'This token may not do that.')
    const subject = namedPerson(scope, this.#audiences, about.profile)
    const purpose = about.purpose ?? EVERY_PURPOSE
    const input = {
      type: 'consent',
      identifiers: [],
      purpose,
      state: processingDemands[demand],
      method: 'api',
      collectionPoint: scope.principal.client.id,
    }
    const notices = await this.#noticesOf(demand, subject, about.purpose, scope.now)
    const right = RIGHTS[demand]
    const whose = { subject, clientId: scope.principal.client.id, at: scope.now }
    const met = right ? metRequest({ ...whose, type: right }, this.#randomness) : null
    const by = { verified: true, subject, notices, met }
    const taken = await this.#ingest.acceptLive('api', [input], by)
    const reasons = taken.rejected.flatMap((one) => one.reasons)
    if (reasons.length > 0)
      throw new Refusal('BAD_USER_INPUT', `This was not taken: ${reasons.join('; ')}.`)
    scope.noteAction({ [demand]: purpose, ...(met ? { request: met.id } : {}) })
  }

  async #noticesOf(
    demand: ProcessingDemand,
    subject: SubjectId,
    purpose: string | null,
    at: Instant,
  ): Promise<readonly SealedMessage[]> {
    const kind = NOTICED[demand]
    return kind === null ? [] : await this.#notices.of(kind, subject, purpose, at)
  }
}
