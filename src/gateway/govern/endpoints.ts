import type { ClientStore } from '../../domain/access/principal.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import type { Endpoint, EndpointStore } from '../../domain/delivery/endpoint-store.ts'
import { houseKinds, type MessageKind, noticeKinds } from '../../domain/delivery/outbox.ts'
import type { Poster } from '../../domain/delivery/poster.ts'
import { newWebhookSecret } from '../../domain/delivery/webhook.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { seal } from '../../domain/privacy/seal.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, DAY } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'

/** How long the secret before counts beside the new one. */
const BOTH_SECRETS = DAY
/** Registered for everybody who may be told of people; callbacks bring their own addresses. */
const KINDS: readonly MessageKind[] = [...noticeKinds, ...houseKinds]

export interface EndpointDraft {
  readonly clientId: string
  readonly url: string
  readonly kinds: readonly string[]
}

/** By whom; absent: the operator at the command line. */
export interface EndpointContext {
  readonly actor?: AuditEntry['actor']
  readonly audience?: string
  readonly requestId?: string
}

/** With the secret in clear: this is the only time that it is seen. */
export interface IssuedSecret {
  readonly endpoint: Endpoint
  readonly secret: string
}

export interface EndpointsParts {
  readonly store: EndpointStore
  readonly clients: Pick<ClientStore, 'find'>
  readonly poster: Pick<Poster, 'objectionTo'>
  readonly keys: Pick<KeyStore, 'installationKey'>
  readonly recorder: Recorder
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Where clients take messages, one address each. Each change stands on the audit trail before it holds. */
export class Endpoints {
  readonly #parts: EndpointsParts

  constructor(parts: EndpointsParts) {
    this.#parts = parts
  }

  /**
   * Registers an address, or another one for the same client, with a new secret.
   * @throws Refusal NOT_FOUND, BAD_USER_INPUT
   */
  async register(draft: EndpointDraft, context: EndpointContext = {}): Promise<IssuedSecret> {
    const { clientId, url } = draft
    const kinds = await this.#kindsFor(draft)
    const objection = this.#parts.poster.objectionTo(url)
    if (objection !== null) throw new Refusal('BAD_USER_INPUT', `The address ${objection}.`)
    await this.#record(
      { action: 'endpoint.register', client: clientId, kinds: kinds.join(' ') },
      context,
    )
    const endpoint = { clientId, url, kinds, createdAt: this.#parts.clock.now(), disabledAt: null }
    const { secret, sealed } = this.#newSecret(clientId)
    await this.#parts.store.save({ ...endpoint, secret: sealed, previous: null })
    return { endpoint, secret }
  }

  /** A new secret; for a day messages are signed by both. @throws Refusal NOT_FOUND */
  async rotate(clientId: string, context: EndpointContext = {}): Promise<IssuedSecret> {
    const { store, clock } = this.#parts
    const found = await store.find(clientId)
    if (!found) throw noEndpoint(clientId)
    await this.#record({ action: 'endpoint.rotate', client: clientId }, context)
    const { secret, sealed } = this.#newSecret(clientId)
    const until = clock.now() + BOTH_SECRETS
    await store.save({ ...found, secret: sealed, previous: { secret: found.secret, until } })
    return { endpoint: found, secret }
  }

  /** @throws Refusal NOT_FOUND */
  async remove(clientId: string, context: EndpointContext = {}): Promise<void> {
    const { store } = this.#parts
    if (!(await store.find(clientId))) throw noEndpoint(clientId)
    await this.#record({ action: 'endpoint.remove', client: clientId }, context)
    await store.remove(clientId)
  }

  async list(context: EndpointContext = {}): Promise<readonly Endpoint[]> {
    const endpoints = await this.#parts.store.list()
    await this.#record({ action: 'endpoint.list', endpoints: endpoints.length }, context)
    return endpoints
  }

  async #kindsFor({ clientId, kinds }: EndpointDraft): Promise<readonly MessageKind[]> {
    const client = await this.#parts.clients.find(clientId)
    if (!client) throw new Refusal('NOT_FOUND', `There is no client "${clientId}".`)
    const wanted = [...new Set(kinds)].map((name) => {
      const kind = KINDS.find((one) => one === name)
      if (!kind)
        throw new Refusal('BAD_USER_INPUT', `There is no kind "${name}": ${KINDS.join(', ')}.`)
      return kind
    })
    if (wanted.length === 0) throw new Refusal('BAD_USER_INPUT', 'Name at least one kind.')
    const isHouse = wanted.some((kind) => houseKinds.some((one) => one === kind))
    if (isHouse && !client.roles.every((role) => HOUSE_ROLES.has(role)))
      throw new Refusal(
        'BAD_USER_INPUT',
        `Only systems of the house (${[...HOUSE_ROLES].join(', ')}) may take ${houseKinds.join(', ')}.`,
      )
    return wanted
  }

  #newSecret(clientId: string): { readonly secret: string; readonly sealed: Uint8Array } {
    const { keys, randomness } = this.#parts
    const secret = newWebhookSecret(randomness)
    const key = keys.installationKey('delivery')
    return { secret, sealed: seal(key, ['endpoint', clientId], secret, randomness) }
  }

  async #record(
    action: Readonly<Record<string, string | number>>,
    context: EndpointContext,
  ): Promise<void> {
    await this.#parts.recorder.recordAction(action, context)
  }
}

/** Clients that run for the controller itself. */
const HOUSE_ROLES: ReadonlySet<string> = new Set(['admin', 'compliance', 'ingest'])

function noEndpoint(clientId: string): Refusal {
  return new Refusal('NOT_FOUND', `The client "${clientId}" has no endpoint.`)
}
