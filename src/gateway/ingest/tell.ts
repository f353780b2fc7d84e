import type { Scope as TokenScope } from '../../domain/access/principal.ts'
import type { Identifier, IdentifierKind } from '../../domain/profiles/identifier.ts'
import { normaliseIdentifier } from '../../domain/profiles/normalise.ts'
import type { PeopleByIdentifier } from '../../domain/profiles/people-by-identifier.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Audiences } from '../scope/audiences.ts'
import { assertAnybody, namedPerson } from '../scope/named-person.ts'
import type { Scope } from '../scope/scope.ts'
import {
  actionOf,
  type ConsentDecision,
  consentInputOf,
  signalsInputOf,
  type TakenSignals,
} from './consent-inputs.ts'
import type { Ingest } from './ingest.ts'
import type { IngestInput } from './ingest-input.ts'

/** Sources under which single changes over the API are filed: what is vouched for, and what is not. */
const VOUCHED = 'api'
const UNVOUCHED = 'web'

/** Whom a change is about: named by identifiers (feeding systems), or the person acted for. */
export interface Named {
  readonly identifiers?: readonly { readonly kind: string; readonly value: string }[] | null
}

export interface TrackedEvent extends Named {
  readonly messageId: string
  readonly event: string
  readonly timestamp?: number | null
  readonly properties?: unknown
}

export interface IdentifiedTraits extends Named {
  readonly traits: unknown
}

/** What became of a change. */
export interface TellAnswer {
  readonly accepted: boolean
  readonly duplicate: boolean
  /** Why it was not taken, in words that repeat nothing of it. */
  readonly reasons: readonly string[]
}

/** Single changes as callers of the API make them, each within what its caller may say about whom. */
export class Tell {
  readonly #ingest: Ingest
  readonly #audiences: Audiences
  readonly #people: Pick<PeopleByIdentifier, 'find'>

  constructor(ingest: Ingest, audiences: Audiences, people: Pick<PeopleByIdentifier, 'find'>) {
    this.#ingest = ingest
    this.#audiences = audiences
    this.#people = people
  }

  async track(scope: Scope, event: TrackedEvent): Promise<TellAnswer> {
    const { messageId, event: name, timestamp, properties } = event
    needs(scope, 'events:write')
    return await this.#tell(scope, event, (identifiers, teller) => ({
      type: 'event',
      messageId: `${teller}:${messageId}`,
      name,
      identifiers,
      properties: objectOf(properties ?? {}, 'properties'),
      ...(timestamp == null ? {} : { timestamp }),
    }))
  }

  async identify(scope: Scope, told: IdentifiedTraits): Promise<TellAnswer> {
    needs(scope, 'events:write')
    const traits = objectOf(told.traits, 'traits')
    const named = (told.identifiers ?? []).map(({ kind, value }) => `${kind}=${value}`).sort()
    return await this.#tell(scope, told, (identifiers, teller) => ({
      type: 'profile',
      // One record per set of traits: telling some of them later leaves the others as they were.
      recordKey: [teller, ...named, ...Object.keys(traits).sort()].join('|'),
      identifiers,
      traits,
    }))
  }

  /** Records a decision; when this resolves, every read that starts later sees it. */
  async consent(scope: Scope, decision: ConsentDecision): Promise<TellAnswer> {
    needs(scope, 'consent:write')
    const subject = namedPerson(scope, this.#audiences, decision.profile ?? null)
    const input = consentInputOf(decision, scope)
    const answer = await this.#take(scope, input, { verified: true, subject })
    if (!answer.accepted && !answer.duplicate)
      throw new Refusal(
        'BAD_USER_INPUT',
        `The decision was not taken: ${answer.reasons.join('; ')}.`,
      )
    scope.noteAction({ [actionOf(input.state)]: input.purpose })
    return answer
  }

  /** Takes signals from outside about a person; when this resolves, every read that starts later sees them. */
  async signals(scope: Scope, given: TakenSignals): Promise<TellAnswer> {
    needs(scope, 'consent:write')
    const subject = namedPerson(scope, this.#audiences, given.profile ?? null)
    const input = signalsInputOf(given, scope)
    const answer = await this.#take(scope, input, { verified: true, subject })
    if (!answer.accepted && !answer.duplicate)
      throw new Refusal('BAD_USER_INPUT', `No signal was taken: ${answer.reasons.join('; ')}.`)
    return answer
  }

  async #tell(
    scope: Scope,
    { identifiers }: Named,
    /** `teller`: who says it, so that no caller's records or events stand in for another's. */
    shape: (
      identifiers: readonly { kind: IdentifierKind; value: string }[],
      teller: string,
    ) => IngestInput,
  ): Promise<TellAnswer> {
    const { principal, grant } = scope
    if (grant.actsForSubject) {
      if (identifiers?.length)
        throw new Refusal('FORBIDDEN', 'This token speaks for one person; leave "identifiers" out.')
      if (principal.subject === null)
        throw new Refusal(
          'FORBIDDEN',
          'This request acts for nobody: send a subject token or a visitor cookie.',
        )
      // What a browser says about its person is never verified: an e-mail typed there proves nothing.
      return await this.#take(scope, shape([], `${principal.client.id}:${principal.subject}`), {
        verified: false,
        subject: principal.subject,
      })
    }
    assertAnybody(principal)
    if (!identifiers?.length)
      throw new Refusal('BAD_USER_INPUT', 'Name the person by at least one identifier.')
    const named = identifiers.map(({ kind, value }) => ({
      kind: kindOf(kind, grant.audience),
      value,
    }))
    return await this.#take(scope, shape(named, principal.client.id), {
      verified: principal.client.writeKey === 'server',
      subject: null,
    })
  }

  async #take(
    scope: Scope,
    input: IngestInput,
    by: { verified: boolean; subject: SubjectId | null },
  ): Promise<TellAnswer> {
    const { counts, rejected } = await this.#ingest.acceptLive(
      by.verified ? VOUCHED : UNVOUCHED,
      [input],
      { ...by, entity: scope.principal.client.id },
    )
    await this.#noteIdentifiers(scope, input)
    scope.noteAction({ told: input.type, accepted: counts.accepted })
    return {
      accepted: counts.accepted > 0,
      duplicate: counts.duplicates > 0,
      reasons: rejected[0]?.reasons ?? [],
    }
  }

  /** For the entry, which keys them by whom they lead to; asked afterwards, because somebody may be new. */
  async #noteIdentifiers({ identifiers }: Scope, input: IngestInput): Promise<void> {
    for (const { kind, value } of identifiersOf(input)) {
      const normal = normaliseIdentifier({ kind, value }, null)
      if ('problem' in normal) continue
      const subject = await this.#people.find(kind, normal.value.value)
      identifiers.set(value, { value: normal.value.value, subject })
    }
  }
}

const CONTACTS = ['email', 'phone'] as const

/** By what an event or a profile names its person; also where it stands as a trait. */
function identifiersOf(input: IngestInput): readonly Identifier[] {
  if (input.type !== 'profile' && input.type !== 'event') return []
  const traits = input.type === 'profile' ? input.traits : {}
  const contacts = CONTACTS.flatMap((kind) => {
    const value = traits[kind]
    return typeof value === 'string' ? [{ kind, value }] : []
  })
  return [...input.identifiers, ...contacts]
}

/** Beside the schema's `@scope`: what changes people's data does not rest on one check. */
function needs(scope: Scope, needed: TokenScope): void {
  if (!scope.grant.scopes.has(needed)) throw new Refusal('FORBIDDEN', 'This token may not do that.')
}

function kindOf(kind: string, audience: string): IdentifierKind {
  return kind === 'externalId' ? `partner:${audience}` : (kind as IdentifierKind)
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw new Refusal('BAD_USER_INPUT', `"${what}" must be an object.`)
}
