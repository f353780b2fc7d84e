import { coveredByAny, narrower } from '../privacy/categories.ts'
import type { Client, Scope, TokenLimits } from './principal.ts'

/** To what a registration limits its client. People are named by tokens alone. */
export function limitsOf(client: Omit<TokenLimits, 'subjects'>): TokenLimits {
  const { purposes, categories, segments, requestsPerMinute, costPerMinute, lookupsPerDay } = client
  return {
    purposes,
    categories,
    segments,
    subjects: null,
    requestsPerMinute,
    costPerMinute,
    lookupsPerDay,
  }
}

/** What two limits leave together. */
export function together(one: TokenLimits, other: TokenLimits): TokenLimits {
  return {
    purposes: common(one.purposes, other.purposes),
    categories: narrower(one.categories, other.categories),
    segments: common(one.segments, other.segments),
    subjects: common(one.subjects, other.subjects),
    requestsPerMinute: least(one.requestsPerMinute, other.requestsPerMinute),
    costPerMinute: least(one.costPerMinute, other.costPerMinute),
    lookupsPerDay: least(one.lookupsPerDay, other.lookupsPerDay),
  }
}

/**
 * The limits of a token that a holder asks for: those of the token it is made from, and further ones.
 * Whoever asks for more than it has is refused, by the name of what it lacks; of budgets the smaller one counts.
 * @param token limits of the token that it is made from; `NO_LIMITS` where the client shows its secret.
 */
export function narrowed(
  client: Omit<TokenLimits, 'subjects'>,
  token: TokenLimits,
  asked: TokenLimits,
): { readonly limits: TokenLimits } | { readonly beyond: keyof TokenLimits } {
  const held = together(limitsOf(client), token)
  const beyond = beyondHeld(held, asked)
  if (beyond) return { beyond }
  const budget = (name: 'requestsPerMinute' | 'costPerMinute' | 'lookupsPerDay') =>
    asked[name] === null ? token[name] : least(held[name], asked[name])
  return {
    limits: {
      ...together(token, asked),
      requestsPerMinute: budget('requestsPerMinute'),
      costPerMinute: budget('costPerMinute'),
      lookupsPerDay: budget('lookupsPerDay'),
    },
  }
}

/** A client as a token of these limits and roles lets it act. */
export function narrowedClient(
  client: Client,
  limits: TokenLimits,
  roles: readonly string[],
): Client {
  const { purposes, subjects: _people, ...rest } = together(limitsOf(client), limits)
  return {
    ...client,
    ...rest,
    purposes: purposes ?? [],
    roles: client.roles.filter((role) => roles.includes(role)),
  }
}

/** With these a holder could hand out more than it has, budgets among it: register a client, or vouch for anybody. */
const HANDS_OUT: readonly Scope[] = ['clients:write', 'tokens:exchange']
/** These tell of everybody, or decide who is a member of a segment. */
const OF_EVERYBODY: readonly Scope[] = ['audit:read', 'audit:export', 'segments:write']
/** What is changed of people may make them members. */
const CHANGES_PEOPLE: readonly Scope[] = ['events:write', 'consent:write', 'rights:write']

/** Scopes that these limits leave: what could not be held within them goes. */
export function scopesWithin(limits: TokenLimits, scopes: readonly Scope[]): readonly Scope[] {
  const { segments, subjects } = limits
  const rows = segments !== null || subjects !== null
  const gone = new Set([
    ...(Object.values(limits).some((limit) => limit !== null) ? HANDS_OUT : []),
    ...(rows ? OF_EVERYBODY : []),
    ...(segments === null ? [] : CHANGES_PEOPLE),
  ])
  return scopes.filter((scope) => !gone.has(scope))
}

function beyondHeld(held: TokenLimits, asked: TokenLimits): keyof TokenLimits | null {
  for (const name of ['purposes', 'segments', 'subjects'] as const) {
    const has = held[name]
    if (has !== null && asked[name]?.some((one) => !has.includes(one))) return name
  }
  const { categories } = held
  const covered = (one: string) => categories === null || coveredByAny(categories, one)
  return asked.categories === null || asked.categories.every(covered) ? null : 'categories'
}

function common(
  one: readonly string[] | null,
  other: readonly string[] | null,
): readonly string[] | null {
  if (one === null || other === null) return one ?? other
  return one.filter((each) => other.includes(each))
}

function least(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}
