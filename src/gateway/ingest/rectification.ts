import type { RecipientNotices } from '../../domain/delivery/recipients.ts'
import { type Category, coveredByAny } from '../../domain/privacy/categories.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { metRequest } from '../../domain/profiles/met-request.ts'
import { normalise } from '../../domain/profiles/normalise.ts'
import { RECTIFICATION } from '../../domain/profiles/survivorship.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Audiences } from '../scope/audiences.ts'
import { namedPerson } from '../scope/named-person.ts'
import type { Scope } from '../scope/scope.ts'
import type { Ingest } from './ingest.ts'

/** What people know best about themselves. Anything else (a plan, a verified identity) staff rectifies for them. */
const THEIR_OWN: readonly Category[] = [
  'user.name',
  'user.contact',
  'user.demographic',
  'user.location',
]

/**
 * Values that a person had put right (GDPR Article 16). Each is a record of a source of its own, which beats every other
 * until it is lifted; it is sealed, merged, undone and erased like any record. It changes what is shown and used, not by
 * what somebody is recognised: an e-mail address that anybody may write there links no two people.
 */
export class Rectification {
  readonly #ingest: Ingest
  readonly #policy: Policy
  readonly #audiences: Audiences
  readonly #notices: RecipientNotices
  readonly #randomness: Randomness

  constructor(
    ingest: Ingest,
    policy: Policy,
    audiences: Audiences,
    notices: RecipientNotices,
    randomness: Randomness,
  ) {
    this.#notices = notices
    this.#randomness = randomness
    this.#ingest = ingest
    this.#policy = policy
    this.#audiences = audiences
  }

  /**
   * It stands in the register of requests as met when this resolves, and not otherwise.
   * @param profile pseudonym, for staff; null: of the person acted for.
   * @throws Refusal FORBIDDEN, NOT_FOUND; BAD_USER_INPUT naming what is wrong with the trait or its value.
   */
  async rectify(
    scope: Scope,
    trait: string,
    value: unknown,
    profile: string | null,
  ): Promise<void> {
    const definition = this.#policy.traits.get(trait)
    if (!definition) throw new Refusal('BAD_USER_INPUT', 'There is no such trait in the registry.')
    const read = normalise(definition, value, null)
    if ('problem' in read) throw new Refusal('BAD_USER_INPUT', `The value ${read.problem}.`)
    const said = { key: trait, category: definition.category, traits: { [trait]: value } }
    await this.#tell(scope, said, profile, true)
    scope.noteAction({ rectified: trait })
  }

  /** What sources say counts again. @throws Refusal as `rectify` */
  async lift(scope: Scope, trait: string, profile: string | null): Promise<void> {
    const definition = this.#policy.traits.get(trait)
    if (!definition) throw new Refusal('BAD_USER_INPUT', 'There is no such trait in the registry.')
    const said = { key: trait, category: definition.category, traits: {} }
    await this.#tell(scope, said, profile, false)
    scope.noteAction({ rectificationLifted: trait })
  }

  async #tell(
    scope: Scope,
    said: {
      readonly key: string
      readonly category: Category
      readonly traits: Readonly<Record<string, unknown>>
    },
    profile: string | null,
    isRequest: boolean,
  ): Promise<void> {
    if (!scope.grant.scopes.has('rights:write'))
      throw new Refusal('FORBIDDEN', 'This token may not do that.')
    const subject = namedPerson(scope, this.#audiences, profile)
    if (scope.grant.actsForSubject && !coveredByAny(THEIR_OWN, said.category))
      throw new Refusal('FORBIDDEN', 'Only staff may rectify this trait.')
    const recordKey = `${subject}|${said.key}`
    const record = { type: 'profile', recordKey, identifiers: [], traits: said.traits }
    const about = { subject, clientId: scope.principal.client.id, at: scope.now }
    const met = isRequest ? metRequest({ ...about, type: 'rectification' }, this.#randomness) : null
    const notices = await this.#notices.of('subject.rectified', subject, null, scope.now)
    const by = { verified: false, subject, notices, met }
    const { counts } = await this.#ingest.acceptLive(RECTIFICATION, [record], by)
    if (counts.accepted + counts.duplicates === 0)
      throw new Refusal('BAD_USER_INPUT', 'This value can not be taken.')
    if (met) scope.noteAction({ request: met.id })
  }
}
