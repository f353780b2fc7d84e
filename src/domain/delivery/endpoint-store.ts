import type { Instant } from '../../kernel/time.ts'
import type { MessageKind } from './outbox.ts'

/** Where a client takes messages. */
export interface Endpoint {
  readonly clientId: string
  readonly url: string
  readonly kinds: readonly MessageKind[]
  readonly createdAt: Instant
  /** Set when it said that it takes nothing any more (410). */
  readonly disabledAt: Instant | null
}

/** Signing secrets, sealed. */
export interface EndpointSecrets {
  readonly secret: Uint8Array
  /** The one before, for as long as both count. */
  readonly previous: { readonly secret: Uint8Array; readonly until: Instant } | null
}

export interface EndpointStore {
  find(clientId: string): Promise<(Endpoint & EndpointSecrets) | null>
  save(endpoint: Endpoint & EndpointSecrets): Promise<void>
  list(): Promise<readonly Endpoint[]>
  /** Whether there was one. What waits for it stays, and is undeliverable. */
  remove(clientId: string): Promise<boolean>
  disable(clientId: string, at: Instant): Promise<void>
}
