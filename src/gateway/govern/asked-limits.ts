import { emptyMember, readDetails } from '../../domain/access/authorization-details.ts'
import type { Client, Scope, TokenLimits } from '../../domain/access/principal.ts'
import { narrowed, scopesWithin } from '../../domain/access/token-limits.ts'
import { isNamedCategory } from '../../domain/privacy/named-category.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { Audiences } from '../scope/audiences.ts'
import { OAuthError } from './oauth-error.ts'

const DETAILS_LENGTH = 8_000

/** What the names in details are held against. */
export interface Names {
  readonly policy: Policy
  readonly audiences: Audiences
}

/** As far as a token reaches. */
export interface Reach {
  readonly scopes: readonly Scope[]
  readonly limits: TokenLimits
}

/**
 * What a form asks for with `scope` (RFC 6749 §3.3) and `authorization_details` (RFC 9396 §2), none of it beyond the
 * client or the token that it is made from; what it leaves out stays as it was.
 * @throws OAuthError invalid_scope, invalid_authorization_details
 */
export function askedReach(
  client: Client,
  held: Reach,
  form: ReadonlyMap<string, string>,
  names: Names,
): Reach {
  const asked = askedLimits(form.get('authorization_details'))
  refuseMistaken(asked, client, names)
  const answer = narrowed(client, held.limits, asked)
  if ('beyond' in answer)
    throw new OAuthError(
      'invalid_authorization_details',
      `More is asked for than the client or its token has: ${answer.beyond}.`,
    )
  const own = held.scopes.filter((scope) => client.scopes.includes(scope))
  return {
    scopes: scopesWithin(answer.limits, askedScopes(own, form.get('scope'))),
    limits: answer.limits,
  }
}

/** A limit that leaves nothing, or names what does not exist, was meant otherwise; the token would be of no use. */
function refuseMistaken(asked: TokenLimits, client: Client, { policy, audiences }: Names): void {
  const refuse = (text: string) => {
    throw new OAuthError('invalid_authorization_details', `authorization_details ${text}.`)
  }
  const empty = emptyMember(asked)
  if (empty !== null) refuse(`${empty} would leave nothing; leave it out where it is no limit`)
  const unknown = asked.categories?.find((category) => !isNamedCategory(policy, category))
  if (unknown !== undefined) refuse(`datatypes names "${unknown}", which is not in the policy`)
  const people = audiences.of(client.audience)
  if (asked.subjects?.some((subject) => people.open(subject) === null))
    refuse('subjects holds what is no pseudonym')
}

function askedScopes(own: readonly Scope[], asked: string | undefined): readonly Scope[] {
  if (!asked) return own
  const wanted = asked.split(' ').filter((scope) => scope !== '')
  if (!wanted.every((scope) => (own as readonly string[]).includes(scope)))
    throw new OAuthError('invalid_scope', 'A scope is asked for that the client does not have.')
  return own.filter((scope) => wanted.includes(scope))
}

function askedLimits(text: string | undefined): TokenLimits {
  const details = readDetails(text === undefined ? undefined : parsed(text))
  if ('limits' in details) return details.limits
  throw new OAuthError('invalid_authorization_details', `authorization_details ${details.problem}.`)
}

function parsed(text: string): unknown {
  try {
    // Shorter than any nesting that could hurt.
    return text.length <= DETAILS_LENGTH ? JSON.parse(text) : null
  } catch {
    return null
  }
}
