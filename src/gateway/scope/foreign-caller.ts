import { createHash, createHmac } from 'node:crypto'
import type {
  ForeignToken,
  ForeignTokens,
  PersonClaim,
  RoleClaim,
} from '../../domain/access/identity-provider.ts'
import type { Client } from '../../domain/access/principal.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'

/** Finds people by identifiers that a trusted source has verified; the value as their provider wrote it. */
export interface KnownPeople {
  byVerifiedIdentifier(kind: string, value: string): Promise<SubjectId | null>
}

/** Somebody for whom an identity provider vouches. */
export interface ForeignCaller {
  /** The client through which they come. */
  readonly clientId: string
  readonly expiresAt: Instant
  /** Of this very token; it tells nothing of what stands in it. */
  readonly tokenId: string
  /** The customer's own person; null: nobody known here, or somebody of the staff. */
  readonly subject: SubjectId | null
  readonly roles: readonly string[]
  /** Somebody of the staff as the trail names them, always alike and by no name; null: a person of the customer. */
  readonly staff: string | null
}

const SUBJECT: readonly string[] = ['subject']
/** OpenID Connect Core §5.1: which claim says that the provider has verified the other. */
const VERIFIED_BY: Readonly<Record<string, string>> = {
  email: 'email_verified',
  phone: 'phone_number_verified',
}

/** Understands tokens of the customer's own identity providers: for whom they speak here. */
export class ForeignCallers {
  readonly #tokens: ForeignTokens
  readonly #people: KnownPeople
  readonly #staffKey: Uint8Array

  /** @param staffKey names people of the staff in the trail. */
  constructor(tokens: ForeignTokens, people: KnownPeople, staffKey: Uint8Array) {
    this.#tokens = tokens
    this.#people = people
    this.#staffKey = staffKey
  }

  /** Null: no token of a registered provider, or one that speaks for nobody. @throws Refusal PROVIDER_UNAVAILABLE */
  async understand(token: string, now: Instant): Promise<ForeignCaller | null> {
    const read = await this.#tokens.read(token, now)
    if (!read || isBound(read) || isOfMachine(read)) return null
    const { provider, expiresAt } = read
    const tokenId = `foreign-${createHash('sha256').update(token).digest('base64url')}`
    const caller = { clientId: provider.clientId, expiresAt, tokenId }
    if ('roles' in provider.people) {
      const roles = rolesOf(read, provider.people.roles)
      const staff = this.#nameOf(read)
      return roles.length > 0 && staff !== null ? { ...caller, subject: null, roles, staff } : null
    }
    const subject = await this.#personOf(read, provider.people.person)
    return { ...caller, subject, roles: SUBJECT, staff: null }
  }

  async #personOf({ claims }: ForeignToken, { claim, kind }: PersonClaim) {
    const value = claims[claim]
    const verifiedBy = VERIFIED_BY[kind]
    if (typeof value !== 'string' || (verifiedBy !== undefined && claims[verifiedBy] !== true))
      return null
    return await this.#people.byVerifiedIdentifier(kind, value)
  }

  #nameOf({ provider, claims: { sub } }: ForeignToken): string | null {
    if (typeof sub !== 'string' || sub === '') return null
    const mac = createHmac('sha256', this.#staffKey).update(JSON.stringify([provider.issuer, sub]))
    return `staff-${mac.digest('base64url').slice(0, 22)}`
  }
}

/** A token that is bound to its holder's key (RFC 7800) is worth nothing to whoever only bears it. */
function isBound({ claims: { cnf } }: ForeignToken): boolean {
  return cnf !== undefined
}

/** A client got it for itself (RFC 9068 §2.2, §5): who registers clients there could choose the name of a person. */
function isOfMachine({ claims: { sub, client_id: client } }: ForeignToken): boolean {
  return client !== undefined && client === sub
}

/** A claim holds one value or several; those that nobody has mapped give nothing. */
function rolesOf({ claims }: ForeignToken, { claim, roleOf }: RoleClaim): readonly string[] {
  const values = [claims[claim]].flat()
  const roles = values.flatMap((one) => (typeof one === 'string' ? (roleOf.get(one) ?? []) : []))
  return [...new Set(roles)]
}

/** The roles in which a caller comes through this client; null: it is not a client for them. */
export function rolesThrough(client: Client, { roles, staff }: ForeignCaller) {
  if (staff === null) return client.roles.some((role) => FOR_PEOPLE.has(role)) ? roles : null
  const held = roles.filter((role) => client.roles.includes(role))
  return held.length > 0 ? held : null
}

/** Clients of these roles act for people. */
const FOR_PEOPLE: ReadonlySet<string> = new Set(['frontend', 'subject'])
