import {
  type Client,
  defaultScopes,
  type Principal,
  type Scope,
} from '../../domain/access/principal.ts'
import type { TokenClaims } from '../../domain/access/token-signer.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'

/** What a token turned out to be, before anybody asks for whom. */
export interface Believed {
  /** Narrowed by the limits. */
  readonly client: Client
  /** As registered, where that is more. */
  readonly registered?: Client
  /** It was one of ours, and has expired or was revoked, or its client was, or the person it stands for was erased. */
  readonly isRetired: boolean
  readonly tokenId: string
  /** Of a signed token; null: an API key. */
  readonly claims: TokenClaims | null
  readonly issuedAt: Instant
  readonly expiresAt: Instant | null
  /** Null: all that the client has. */
  readonly scopes: readonly Scope[] | null
  /** The people to whom it is limited. What opens nothing is nobody. */
  readonly subjects: readonly SubjectId[] | null
  readonly subject: SubjectId | null
  /** Set where an identity provider issued it: in which roles its holder comes. */
  readonly foreign?: { readonly roles: readonly string[]; readonly staff: string | null }
}

/** For whom a request is made that came with this token, in these roles, for this person or visitor. */
export function principalOf(
  believed: Believed,
  roles: readonly string[],
  subject: SubjectId | null,
  policy: Policy,
): Principal {
  const { client, registered, tokenId, claims, expiresAt, subjects, foreign } = believed
  const limits = [believed.scopes, roles.includes('visitor') ? defaultScopes.visitor : null]
  const scopes = client.scopes.filter((scope) =>
    limits.every((limit) => limit?.includes(scope) ?? true),
  )
  const purposes = new Set(
    client.purposes.filter((key) => {
      const purpose = policy.purposes.get(key)
      return roles.some((role) => purpose?.roles.has(role))
    }),
  )
  const { defaultPurpose: wanted } = client
  const defaultPurpose = wanted !== null && purposes.has(wanted) ? wanted : null
  return {
    client,
    ...(registered && { registered }),
    ...(claims?.budgetsFrom && { budgetsFrom: claims.budgetsFrom }),
    roles,
    scopes: new Set(scopes),
    // A visitor whom the front end's token is not limited to is nobody.
    subject: subject !== null && (subjects?.includes(subject) ?? true) ? subject : null,
    purposes,
    defaultPurpose,
    tokenId,
    expiresAt,
    subjects,
    cnfJkt: claims?.jkt ?? null,
    ...(foreign && { foreign: { staff: foreign.staff } }),
  }
}
