import {
  type Client,
  defaultScopes,
  isClientId,
  scopes as knownScopes,
  type Scope,
} from '../../domain/access/principal.ts'
import { isNamedCategory } from '../../domain/privacy/named-category.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { isSegmentKey } from '../../domain/segments/rule.ts'
import { isPlainLoopback } from '../../kernel/loopback.ts'
import { Refusal } from '../../kernel/refusal.ts'

/** A registration as somebody words it; what is left out, or null, takes the default of its roles. */
export interface ClientDraft {
  readonly id: string
  readonly name: string
  readonly roles: readonly string[]
  /** Default: the id. */
  readonly audience?: string | null
  readonly scopes?: readonly string[] | null
  /** Default: every purpose that its roles may declare. */
  readonly purposes?: readonly string[] | null
  /** Null: none. Default: its purpose, where it has one only. */
  readonly defaultPurpose?: string | null
  readonly categories?: readonly string[] | null
  readonly segments?: readonly string[] | null
  readonly writeKey?: string | null
  readonly lookupsPerDay?: number | null
  /** Absent or null: what the installation grants everybody. */
  readonly requestsPerMinute?: number | null
  readonly costPerMinute?: number | null
  /** Of pages that may call in its name. */
  readonly origins?: readonly string[] | null
  readonly adhoc?: boolean | null
}

/** Of names for people: control characters, and halves of what is no character. */
const UNREADABLE = /[\p{Cc}\p{Cs}]/u
/** People in the trail stand under `audit`; `bauta` is the audience of what nobody outside receives. */
const RESERVED_AUDIENCES: ReadonlySet<string> = new Set(['audit', 'bauta'])
/** More than any budget needs, and what the database can count. */
const MOST = 1_000_000_000
/** What a key that stands in every browser may do. */
const OF_PUBLIC_KEYS: readonly Scope[] = ['events:write']
/** Partners look people up under a budget even where nobody thought of one. */
const PARTNER_LOOKUPS_PER_DAY = 200

/**
 * The registration that a draft stands for.
 * @param mayBeAdhoc development only: such a client sends whatever query it likes.
 * @throws Refusal BAD_USER_INPUT naming what policy does not allow.
 */
export function registrationOf(draft: ClientDraft, policy: Policy, mayBeAdhoc: boolean): Client {
  const { id, name, roles } = draft
  const audience = draft.audience ?? id
  const writeKey = writeKeyOf(draft.writeKey ?? null)
  refuseUnless(
    isClientId(id),
    'The id must begin with a letter and hold at most 63 letters, digits, dots and dashes.',
  )
  refuseUnless(isClientId(audience), 'The audience must look like an id.')
  refuseUnless(
    !RESERVED_AUDIENCES.has(audience),
    'The audiences audit and bauta are the house’s own.',
  )
  refuseUnless(
    name.trim() !== '' && name.length <= 200 && !UNREADABLE.test(name),
    'The name must have 1 to 200 characters, none of them a control character.',
  )
  checkRoles(policy, roles)
  const purposes = purposesOf(policy, roles, draft.purposes)
  const { defaultPurpose = purposes.length === 1 ? (purposes[0] ?? null) : null } = draft
  refuseUnless(
    defaultPurpose === null || purposes.includes(defaultPurpose),
    'The default purpose must be one of the purposes.',
  )
  const lookupsPerDay =
    draft.lookupsPerDay ?? (roles.includes('partner') ? PARTNER_LOOKUPS_PER_DAY : null)
  refuseUnless(
    lookupsPerDay === null || isCount(lookupsPerDay),
    'Look-ups per day must be a whole number.',
  )
  refuseUnless(
    writeKey === null || roles.includes('ingest'),
    'Only the role ingest has write keys.',
  )
  const { requestsPerMinute = null, costPerMinute = null } = draft
  const adhoc = draft.adhoc ?? false
  refuseUnless(
    [requestsPerMinute, costPerMinute].every((budget) => budget === null || isBudget(budget)),
    `Requests and cost per minute must be whole numbers from 1 to ${MOST}.`,
  )
  refuseUnless(
    mayBeAdhoc || !adhoc,
    'In production no client may send queries that were not registered: leave out adhoc and register what it asks.',
  )
  return {
    id,
    name: name.trim(),
    roles: [...roles],
    audience,
    scopes: publicly(writeKey, scopesOf(roles, draft.scopes), draft.scopes),
    purposes,
    defaultPurpose,
    categories: categoriesOf(policy, draft.categories ?? null),
    segments: segmentsOf(draft.segments ?? null),
    writeKey,
    lookupsPerDay,
    requestsPerMinute,
    costPerMinute,
    origins: originsOf(draft.origins ?? []),
    adhoc,
    disabledAt: null,
  }
}

function checkRoles(policy: Policy, roles: readonly string[]): void {
  refuseUnless(roles.length > 0, 'A client needs a role.')
  for (const role of roles) {
    refuseUnless(
      policy.roles.has(role),
      `There is no role "${role}"; the policy knows ${[...policy.roles.keys()].join(', ')}.`,
    )
    refuseUnless(
      role !== 'visitor',
      'The role visitor is what a front end has while nobody is signed in; register it as frontend.',
    )
    refuseUnless(
      roles.length === 1 || !ALONE.has(role),
      `The role ${role} can not be combined with others: it would lend them its limits, or they it their reach.`,
    )
  }
}

function purposesOf(
  policy: Policy,
  roles: readonly string[],
  wanted: readonly string[] | null | undefined,
): readonly string[] {
  const effective = roles.includes('frontend') ? [...roles, 'visitor'] : roles
  const allowed = [...policy.purposes.values()]
    .filter((purpose) => effective.some((role) => purpose.roles.has(role)))
    .map(({ key }) => key)
  for (const purpose of wanted ?? [])
    refuseUnless(
      allowed.includes(purpose),
      `The purpose "${purpose}" is not one that ${roles.join(' or ')} may declare: ${allowed.join(', ') || 'none'}.`,
    )
  return wanted ? [...new Set(wanted)] : allowed
}

function categoriesOf(policy: Policy, wanted: readonly string[] | null): readonly string[] | null {
  for (const category of wanted ?? [])
    refuseUnless(
      isNamedCategory(policy, category),
      `There is no data category "${category}" in the policy.`,
    )
  return wanted
}

/** Segments may be defined later, so it is their form alone that is checked. */
function segmentsOf(wanted: readonly string[] | null): readonly string[] | null {
  refuseUnless(
    wanted === null || wanted.every(isSegmentKey),
    'The key of a segment begins with a small letter and holds small letters, digits and dashes.',
  )
  return wanted
}

/** Roles that see one person, and partners, who are told less of what they may not see. */
const ALONE: ReadonlySet<string> = new Set(['frontend', 'subject', 'partner'])

function scopesOf(
  roles: readonly string[],
  wanted: readonly string[] | null | undefined,
): readonly Scope[] {
  const names = wanted ?? roles.flatMap((role) => defaultScopes[role] ?? [])
  return [...new Set(names)].map((name) => {
    const scope = knownScopes.find((one) => one === name)
    if (!scope)
      throw new Refusal('BAD_USER_INPUT', `There is no scope "${name}": ${knownScopes.join(', ')}.`)
    return scope
  })
}

function writeKeyOf(text: string | null): Client['writeKey'] {
  if (text === null || text === 'public' || text === 'server') return text
  throw new Refusal('BAD_USER_INPUT', 'A write key is public (in browsers) or server.')
}

/** A page may call from the origin that its browser names, so a path or a wildcard would never match. */
function originsOf(wanted: readonly string[]): readonly string[] {
  for (const text of wanted) {
    // URLs may have an asterisk in their host; no browser ever names one.
    const url = URL.canParse(text) && !text.includes('*') ? new URL(text) : null
    refuseUnless(
      url !== null && url.origin === text && (url.protocol === 'https:' || isPlainLoopback(url)),
      'An origin is https, a host and perhaps a port, as browsers write it: https://shop.example. Plain http only on this machine.',
    )
  }
  return [...new Set(wanted)]
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MOST
}

function isBudget(value: number): boolean {
  return isCount(value) && value >= 1
}

function refuseUnless(holds: boolean, message: string): void {
  if (!holds) throw new Refusal('BAD_USER_INPUT', message)
}

/** A public write key is everybody's: it writes events and nothing else. */
function publicly(
  writeKey: Client['writeKey'],
  scopes: readonly Scope[],
  asked: readonly string[] | null | undefined,
): readonly Scope[] {
  if (writeKey !== 'public') return scopes
  refuseUnless(
    !asked || asked.every((scope) => (OF_PUBLIC_KEYS as readonly string[]).includes(scope)),
    'A public write key can only have the scope events:write.',
  )
  return OF_PUBLIC_KEYS
}
