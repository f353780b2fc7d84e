import type { Client, ClientStore } from '../../domain/access/principal.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, isoInstant } from '../../kernel/time.ts'
import type { Denials, Denied } from '../scope/denials.ts'
import { OAuthError } from './oauth-error.ts'

/** A subject token of this type, with a kind of identifier behind it, names a person by that identifier. */
export const IDENTIFIER_TYPE = 'urn:bauta:identifier:'
/** Kinds that a verified sign-in or contract stands behind; a device or a browser identifies nobody. */
const KINDS: ReadonlySet<string> = new Set(['email', 'phone', 'userId', 'crmId', 'providerSubject'])

/** Finds people by identifiers that a trusted source has verified; the value as the caller wrote it. */
export interface People {
  byVerifiedIdentifier(kind: string, value: string): Promise<SubjectId | null>
}

/** People for whom a client vouches at the token endpoint. To ask for somebody is to learn whether they are known. */
export class VouchedPeople {
  readonly #parts: {
    readonly store: ClientStore
    readonly people: People
    readonly denials: Denials
    readonly clock: Clock
  }

  constructor(parts: { store: ClientStore; people: People; denials: Denials; clock: Clock }) {
    this.#parts = parts
  }

  /**
   * Counts as a look-up where the client has a budget of them, whether or not there is somebody.
   * @throws OAuthError invalid_request; Refusal BUDGET_EXHAUSTED, or RATE_LIMITED once the client was refused too often.
   */
  async find(form: ReadonlyMap<string, string>, client: Client, by: Denied): Promise<SubjectId> {
    const type = form.get('subject_token_type') ?? ''
    const value = form.get('subject_token') ?? ''
    const kind = type.startsWith(IDENTIFIER_TYPE) ? type.slice(IDENTIFIER_TYPE.length) : ''
    const own = kind === `partner:${client.audience}`
    if (!own && (client.roles.includes('partner') || !KINDS.has(kind)))
      throw new OAuthError(
        'invalid_request',
        `subject_token_type must be ${IDENTIFIER_TYPE} and a kind: ${[...KINDS].join(', ')}, or partner: and the own audience.`,
      )
    // Else the refusals that are left would tell who is not known, and those that are not who is, without end.
    await this.#parts.denials.assertLeft(by)
    await this.#spendLookup(client)
    const subject = value ? await this.#parts.people.byVerifiedIdentifier(kind, value) : null
    if (subject === null) throw new OAuthError('invalid_request', 'The subject token names nobody.')
    return subject
  }

  async #spendLookup({ id, lookupsPerDay }: Client): Promise<void> {
    if (lookupsPerDay === null) return
    const day = isoInstant(this.#parts.clock.now()).slice(0, 10)
    if (!(await this.#parts.store.spendLookup(id, day, lookupsPerDay)))
      throw new Refusal(
        'BUDGET_EXHAUSTED',
        'The daily look-ups of this client are used up; they start again at midnight UTC.',
      )
  }
}
