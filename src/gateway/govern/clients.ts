import { apiKeyHash, newApiKey } from '../../domain/access/api-key.ts'
import type { Client, ClientStore, StoredToken } from '../../domain/access/principal.ts'
import type { SecretHasher } from '../../domain/access/secret-hasher.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { type Randomness, uuidV7 } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock, Instant } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'
import { type ClientDraft, registrationOf } from './client-draft.ts'
import { draftWithin, type Limited, refuseBeyond } from './client-limits.ts'

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
}

/** By whom; absent: the operator at the command line. */
export interface ClientContext {
  readonly actor?: AuditEntry['actor']
  readonly audience?: string
  readonly requestId?: string
  /** Whoever is limited hands out nothing beyond these limits; absent: nobody is. */
  readonly limits?: Limited
}

/** Who may call: registrations and their keys. Each look and each change stands on the audit trail, before it holds. */
export class Clients {
  readonly #store: ClientStore
  readonly #hasher: SecretHasher
  readonly #policy: Policy
  readonly #mayBeAdhoc: boolean
  readonly #recorder: Recorder
  readonly #clock: Clock
  readonly #randomness: Randomness

  constructor(parts: {
    store: ClientStore
    hasher: SecretHasher
    policy: Policy
    /** Whether clients may be marked to send whatever query they like: in development. */
    mayBeAdhoc: boolean
    recorder: Recorder
    clock: Clock
    randomness: Randomness
  }) {
    this.#store = parts.store
    this.#hasher = parts.hasher
    this.#policy = parts.policy
    this.#mayBeAdhoc = parts.mayBeAdhoc
    this.#recorder = parts.recorder
    this.#clock = parts.clock
    this.#randomness = parts.randomness
  }

  /** @throws Refusal CONFLICT when the id is taken, BAD_USER_INPUT naming what policy does not allow, FORBIDDEN. */
  async create(
    draft: ClientDraft,
    options: IssueOptions = {},
    by: ClientContext = {},
  ): Promise<IssuedCredentials> {
    const wanted = by.limits ? draftWithin(draft, by.limits) : draft
    const client = registrationOf(wanted, this.#policy, this.#mayBeAdhoc)
    refuseBeyond(client, by.limits)
    if (await this.#store.find(client.id))
      throw new Refusal('CONFLICT', `A client "${client.id}" exists already.`)
    const { secret, secretHash } = await this.#newSecret(options.withSecret ?? false)
    const { key, stored } = this.#newKey(client, options)
    const action = { action: 'client.create', client: client.id, roles: client.roles.join(' ') }
    await this.#record(action, by)
    if (!(await this.#store.add(client, secretHash, stored)))
      await this.#refuseLate(action, by, `A client "${client.id}" exists already.`)
    return { client, key, secret }
  }

  async list(by: ClientContext = {}): Promise<readonly Client[]> {
    const clients = await this.#store.list()
    await this.#record({ action: 'client.list', clients: clients.length }, by)
    return clients
  }

  /**
   * A new key (and secret, where it had one); from the moment this resolves the older ones are refused.
   * @throws Refusal NOT_FOUND, FORBIDDEN, CONFLICT when it is revoked, also where that happened meanwhile.
   */
  async rotate(
    id: string,
    options: IssueOptions = {},
    by: ClientContext = {},
  ): Promise<IssuedCredentials> {
    const { secretHash, ...client } = await this.#existing(id)
    if (client.disabledAt !== null) throw new Refusal('CONFLICT', `The client "${id}" is revoked.`)
    // Whoever is shown the key can use it.
    refuseBeyond(client, by.limits)
    const renewed = await this.#newSecret(options.withSecret ?? secretHash !== null)
    const { key, stored } = this.#newKey(client, options)
    const action = { action: 'client.rotate', client: id }
    await this.#record(action, by)
    if (!(await this.#store.renew(stored, renewed.secretHash)))
      await this.#refuseLate(action, by, `The client "${id}" is revoked.`)
    return { client, key, secret: renewed.secret }
  }

  /** Ends a registration: its keys and every token made for it are refused from now on. */
  async revoke(id: string, by: ClientContext = {}): Promise<void> {
    const { disabledAt } = await this.#existing(id)
    if (disabledAt !== null) return
    await this.#record({ action: 'client.revoke', client: id }, by)
    await this.#store.disable(id, this.#clock.now())
  }

  async #existing(id: string): Promise<Client & { readonly secretHash: string | null }> {
    const found = await this.#store.find(id)
    if (!found) throw new Refusal('NOT_FOUND', `There is no client "${id}".`)
    return found
  }

  async #newSecret(isWanted: boolean) {
    const secret = isWanted ? newApiKey(this.#randomness) : null
    return { secret, secretHash: secret === null ? null : await this.#hasher.hash(secret) }
  }

  #newKey(client: Client, { keyExpiresAt }: IssueOptions) {
    const key = newApiKey(this.#randomness)
    const now = this.#clock.now()
    const stored: StoredToken = {
      id: uuidV7(now, this.#randomness),
      hash: apiKeyHash(key),
      clientId: client.id,
      createdAt: now,
      expiresAt: keyExpiresAt ?? null,
      revokedAt: null,
    }
    return { key, stored }
  }

  /** Somebody was faster. The entry that announced the change stands, so another says that it was none. */
  async #refuseLate(
    action: Readonly<Record<string, string>>,
    { limits: _, ...context }: ClientContext,
    message: string,
  ): Promise<never> {
    await this.#recorder.recordAction(action, { ...context, refused: 'CONFLICT' })
    throw new Refusal('CONFLICT', message)
  }

  async #record(
    action: Readonly<Record<string, string | number>>,
    { limits: _, ...context }: ClientContext,
  ): Promise<void> {
    await this.#recorder.recordAction(action, context)
  }
}
