import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Endpoint, EndpointSecrets } from './endpoint-store.ts'
import type { ConsentNeed, MessageKind, OutboxMessage } from './outbox.ts'
import type { PostFailure } from './poster.ts'

/** `dropped`: it may not be sent any more. `dead`: nobody took it; it can be replayed. */
export const deliveryStates = ['waiting', 'delivered', 'dropped', 'dead'] as const
export type DeliveryState = (typeof deliveryStates)[number]
/** Why it has not arrived: a closed list, nothing that a receiver said. */
export type DeliveryReason =
  | PostFailure
  | `http_${number}`
  | 'no_endpoint'
  | 'consent'
  | 'erased'
  | 'altered'

/** One message on its way to one endpoint; without its content. */
export interface Delivery {
  readonly id: string
  /** Empty: nobody takes such messages. */
  readonly clientId: string
  readonly kind: MessageKind
  readonly state: DeliveryState
  readonly reason: DeliveryReason | null
  readonly attempts: number
  readonly createdAt: Instant
  /** When it is tried next, while it waits. */
  readonly nextAt: Instant
  readonly settledAt: Instant | null
}

/** A delivery that this gateway alone may attempt, until its lease ends. */
export interface ClaimedDelivery extends Delivery {
  readonly sealed: Uint8Array
  readonly subject: SubjectId | null
  readonly needs: ConsentNeed | null
  readonly fields: OutboxMessage['fields']
  /** The audience of the client; null where there is no client. */
  readonly audience: string | null
  /** Null: it was removed, or the message holds its own address. */
  readonly endpoint: (Pick<Endpoint, 'url' | 'disabledAt'> & EndpointSecrets) | null
}

export type Settlement =
  | { readonly state: 'delivered' }
  | { readonly state: 'dropped' | 'dead'; readonly reason: DeliveryReason }
  | { readonly state: 'waiting'; readonly reason: DeliveryReason; readonly nextAt: Instant }

export interface DeliveryFilter {
  readonly state: DeliveryState | null
  readonly limit: number
}

/** Several gateways share the work: a claimed delivery is nobody else's until `leaseUntil`. */
export interface DeliveryQueue {
  /** Those due, oldest first; each counts as one attempt from now on. */
  claim(now: Instant, limit: number, leaseUntil: Instant): Promise<readonly ClaimedDelivery[]>
  /** What became of an attempt. Content is destroyed with delivered and dropped. Ignored where the lease was lost. */
  settle(claimed: ClaimedDelivery, settlement: Settlement, now: Instant): Promise<void>
  list(filter: DeliveryFilter): Promise<readonly Delivery[]>
  /** One message, to each of its endpoints. */
  find(id: string): Promise<readonly Delivery[]>
  /** Begins anew with what is dead of a message; so many deliveries wait again. */
  replay(id: string, now: Instant): Promise<number>
  count(): Promise<ReadonlyMap<DeliveryState, number>>
  /** Removes what was settled before; the number of rows. */
  discardSettledBefore(instant: Instant): Promise<number>
}
