import type { ClientStore } from '../../domain/access/principal.ts'
import type { Identifier, IdentifierKind } from '../../domain/profiles/identifier.ts'
import { normaliseIdentifier } from '../../domain/profiles/normalise.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { Scope } from '../scope/scope.ts'

export interface LookupIdentifier {
  readonly kind: 'email' | 'phone' | 'userId' | 'crmId' | 'externalId'
  readonly value: string
}

/** Kinds that every stranger could guess: they need a scope of their own and are counted. */
const GUESSABLE: ReadonlySet<string> = new Set(['email', 'phone'])

/**
 * Which identifier this caller may look for. Partners know people by their own ids; e-mail and phone need the scope
 * `profile:lookup` and a daily budget that a miss costs like a hit.
 * @throws Refusal FORBIDDEN, BUDGET_EXHAUSTED, BAD_USER_INPUT
 */
export async function settleLookup(
  scope: Scope,
  clients: ClientStore,
  { kind, value }: LookupIdentifier,
): Promise<Identifier> {
  const { grant, principal } = scope
  if (grant.actsForSubject)
    throw new Refusal('FORBIDDEN', 'This token acts for one person; ask for "me".')
  const ownNamespace = kind === 'externalId'
  if (grant.isPartner && !ownNamespace && !GUESSABLE.has(kind))
    throw new Refusal('FORBIDDEN', 'This token may not do that.')
  if (!ownNamespace && !grant.scopes.has('profile:lookup')) {
    throw new Refusal(
      'FORBIDDEN',
      grant.isPartner
        ? 'This token may not do that.'
        : 'This token lacks the scope profile:lookup.',
    )
  }
  const settled: IdentifierKind = kind === 'externalId' ? `partner:${grant.audience}` : kind
  const normalised = normaliseIdentifier({ kind: settled, value }, null)
  if ('problem' in normalised)
    throw new Refusal('BAD_USER_INPUT', `That is not a well-formed ${kind}.`)
  const { lookupsPerDay, id } = principal.client
  if (
    lookupsPerDay !== null &&
    !(await clients.spendLookup(id, isoInstant(scope.now).slice(0, 10), lookupsPerDay))
  ) {
    throw new Refusal(
      'BUDGET_EXHAUSTED',
      'The daily look-ups of this client are used up; they start again at midnight UTC.',
    )
  }
  return normalised.value
}
