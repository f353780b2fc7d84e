import { apiKeyHash, newApiKey } from '../../domain/access/api-key.ts'
import {
  type Client,
  type ClientStore,
  defaultScopes,
  scopes as knownScopes,
  type Scope,
} from '../../domain/access/principal.ts'
import type { SecretHasher } from '../../domain/access/secret-hasher.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import { longestPrefix } from '../../domain/privacy/categories.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { type Randomness, uuidV7 } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock, Instant } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'

/** A registration as an operator words it; what is left out takes the default of its roles. */
export interface ClientDraft {
  readonly id: string
  readonly name: string
  readonly roles: readonly string[]
  /** Default: the id. */
  readonly audience?: string
  readonly scopes?: readonly string[]
  /** Default: every purpose that its roles may declare. */
  readonly purposes?: readonly string[]
  readonly defaultPurpose?: string | null
  readonly categories?: readonly string[] | null
  readonly segments?: readonly string[] | null
  readonly writeKey?: 'public' | 'server' | null
  readonly lookupsPerDay?: number | null
  readonly requestsPerMinute?: number | null
  readonly costPerMinute?: number | null
  readonly origins?: readonly string[]
  readonly adhoc?: boolean
}

/** Credentials in clear: this is the only time that they are seen. */
export interface IssuedCredentials {
  readonly client: Client
  readonly key: string
  /** For the token endpoint; null unless asked for. */
  readonly secret: string | null
}

export interface IssueOptions {
  /** When the key expires; absent: never. */
  readonly keyExpiresAt?: Instant
  readonly withSecret?: boolean
  /** Who does this; absent: the operator at the command line. */
  readonly actor?: AuditEntry['actor']
}

const ID = /^[A-Za-z][A-Za-z0-9._-]{0,62}$/
/** People in the trail stand under `audit`; `bauta` is the audience of what nobody outside receives. */
const RESERVED_AUDIENCES: ReadonlySet<string> = new Set(['audit', 'bauta'])
/** What a key that stands in every browser may do. */
const OF_PUBLIC_KEYS: readonly Scope[] = ['events:write']
/** Partners look people up under a budget even where nobody thought of one. */
const PARTNER_LOOKUPS_PER_DAY = 200

/** Who may call: registrations and their keys. Each look and each change stands on the audit trail, before it holds. */
export class Clients {
  readonly #store: ClientStore
  readonly #hasher: SecretHasher
  readonly #policy: Policy
  readonly #recorder: Recorder
  readonly #clock: Clock
  readonly #randomness: Randomness
  readonly #mayBeAdhoc: boolean

  constructor(parts: {
    store: ClientStore
    hasher: SecretHasher
    policy: Policy
    recorder: Recorder
    clock: Clock
    randomness: Randomness
    /** Absent: no client may send documents that were not registered where its role has to register them. */
    mayBeAdhoc?: boolean
  }) {
    this.#store = parts.store
    this.#hasher = parts.hasher
    this.#policy = parts.policy
    this.#recorder = parts.recorder
    this.#clock = parts.clock
    this.#randomness = parts.randomness
    this.#mayBeAdhoc = parts.mayBeAdhoc ?? false
  }

  /** @throws Refusal CONFLICT when the id is taken, BAD_USER_INPUT naming what policy does not allow. */
  async create(draft: ClientDraft, options: IssueOptions = {}): Promise<IssuedCredentials> {
    const client = this.#validated(draft)
    if (await this.#store.find(client.id))
      throw new Refusal('CONFLICT', `A client "${client.id}" exists already.`)
    const secret = options.withSecret ? newApiKey(this.#randomness) : null
    await this.#record(
      { action: 'client.create', client: client.id, roles: client.roles.join(' ') },
      options,
    )
    await this.#store.save(client, secret === null ? null : await this.#hasher.hash(secret))
    return { client, key: await this.#addKey(client, options), secret }
  }

  async list(options: IssueOptions = {}): Promise<readonly Client[]> {
    const clients = await this.#store.list()
    await this.#record({ action: 'client.list', clients: clients.length }, options)
    return clients
  }

  /** A new key (and secret, where it had one); from the moment this resolves the older ones are refused. */
  async rotate(id: string, options: IssueOptions = {}): Promise<IssuedCredentials> {
    const { secretHash, ...client } = await this.#existing(id)
    if (client.disabledAt !== null) throw new Refusal('CONFLICT', `The client "${id}" is revoked.`)
    const withSecret = options.withSecret ?? secretHash !== null
    const secret = withSecret ? newApiKey(this.#randomness) : null
    await this.#record({ action: 'client.rotate', client: id }, options)
    if (secret !== null) await this.#store.save(client, await this.#hasher.hash(secret))
    return { client, key: await this.#addKey(client, options), secret }
  }

  /** Ends a registration: its keys and every token made for it are refused from now on. */
  async revoke(id: string, options: IssueOptions = {}): Promise<void> {
    const { secretHash, ...client } = await this.#existing(id)
    if (client.disabledAt !== null) return
    await this.#record({ action: 'client.revoke', client: id }, options)
    const now = this.#clock.now()
    await this.#store.save({ ...client, disabledAt: now }, secretHash)
    await this.#store.revokeTokensOf(id, null, now)
  }

  async #existing(id: string): Promise<Client & { readonly secretHash: string | null }> {
    const found = await this.#store.find(id)
    if (!found) throw new Refusal('NOT_FOUND', `There is no client "${id}".`)
    return found
  }

  async #addKey(client: Client, { keyExpiresAt }: IssueOptions): Promise<string> {
    const key = newApiKey(this.#randomness)
    const now = this.#clock.now()
    const id = uuidV7(now, this.#randomness)
    await this.#store.addToken({
      id,
      hash: apiKeyHash(key),
      clientId: client.id,
      createdAt: now,
      expiresAt: keyExpiresAt ?? null,
      revokedAt: null,
    })
    await this.#store.revokeTokensOf(client.id, id, now)
    return key
  }

  async #record(
    action: Readonly<Record<string, string | number>>,
    { actor }: IssueOptions,
  ): Promise<void> {
    await this.#recorder.recordAction(action, actor ? { actor } : {})
  }

  #validated(draft: ClientDraft): Client {
    const { id, name, roles, audience = id, writeKey = null } = draft
    refuseUnless(
      ID.test(id),
      'The id must begin with a letter and hold at most 63 letters, digits, dots and dashes.',
    )
    refuseUnless(ID.test(audience), 'The audience must look like an id.')
    refuseUnless(
      !RESERVED_AUDIENCES.has(audience),
      'The audiences audit and bauta are the house’s own.',
    )
    refuseUnless(
      name.trim() !== '' && name.length <= 200,
      'The name must have 1 to 200 characters.',
    )
    this.#checkRoles(roles)
    const purposes = this.#purposes(roles, draft.purposes)
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
    refuseUnless(
      !draft.adhoc || this.#mayBeAdhoc,
      'The mark adhoc is for development; in production partners register their documents.',
    )
    return {
      id,
      name: name.trim(),
      roles: [...roles],
      audience,
      scopes: publicly(writeKey, scopesOf(roles, draft.scopes), draft.scopes),
      purposes,
      defaultPurpose,
      categories: this.#categories(draft.categories ?? null),
      segments: draft.segments ?? null,
      writeKey,
      lookupsPerDay,
      requestsPerMinute: draft.requestsPerMinute ?? null,
      costPerMinute: draft.costPerMinute ?? null,
      origins: draft.origins ?? [],
      adhoc: draft.adhoc ?? false,
      disabledAt: null,
    }
  }

  #checkRoles(roles: readonly string[]): void {
    refuseUnless(roles.length > 0, 'A client needs a role.')
    for (const role of roles) {
      refuseUnless(
        this.#policy.roles.has(role),
        `There is no role "${role}"; the policy knows ${[...this.#policy.roles.keys()].join(', ')}.`,
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

  #purposes(roles: readonly string[], wanted: readonly string[] | undefined): readonly string[] {
    const effective = roles.includes('frontend') ? [...roles, 'visitor'] : roles
    const allowed = [...this.#policy.purposes.values()]
      .filter((purpose) => effective.some((role) => purpose.roles.has(role)))
      .map(({ key }) => key)
    for (const purpose of wanted ?? [])
      refuseUnless(
        allowed.includes(purpose),
        `The purpose "${purpose}" is not one that ${roles.join(' or ')} may declare: ${allowed.join(', ') || 'none'}.`,
      )
    return wanted ? [...new Set(wanted)] : allowed
  }

  #categories(wanted: readonly string[] | null): readonly string[] | null {
    for (const category of wanted ?? [])
      refuseUnless(
        longestPrefix(this.#policy.categories, category) !== undefined,
        `There is no data category "${category}" in the policy.`,
      )
    return wanted
  }
}

/** Roles that see one person, and partners, who are told less of what they may not see. */
const ALONE: ReadonlySet<string> = new Set(['frontend', 'subject', 'partner'])

function scopesOf(
  roles: readonly string[],
  wanted: readonly string[] | undefined,
): readonly Scope[] {
  const names = wanted ?? roles.flatMap((role) => defaultScopes[role] ?? [])
  return [...new Set(names)].map((name) => {
    const scope = knownScopes.find((one) => one === name)
    if (!scope)
      throw new Refusal('BAD_USER_INPUT', `There is no scope "${name}": ${knownScopes.join(', ')}.`)
    return scope
  })
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0
}

function refuseUnless(holds: boolean, message: string): void {
  if (!holds) throw new Refusal('BAD_USER_INPUT', message)
}

/** A public write key is everybody's: it writes events and nothing else. */
function publicly(
  writeKey: ClientDraft['writeKey'],
  scopes: readonly Scope[],
  asked: readonly string[] | undefined,
): readonly Scope[] {
  if (writeKey !== 'public') return scopes
  refuseUnless(
    !asked || asked.every((scope) => (OF_PUBLIC_KEYS as readonly string[]).includes(scope)),
    'A public write key can only have the scope events:write.',
  )
  return OF_PUBLIC_KEYS
}
