import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Category } from '../privacy/categories.ts'
import type { Treatment } from '../privacy/treatment.ts'

/** What recipients are told of a person whom they know under a pseudonym of their own (GDPR Article 19). */
export const noticeKinds = [
  'subject.erased',
  'subject.rectified',
  'subject.restricted',
  'subject.objected',
] as const
/** What only the controller's own systems may take: it carries how to reach a person. */
export const houseKinds = ['request.verify'] as const
/** Status of a subject request, to the address that the request itself named (OpenDSR 2.0, section 9). */
export const callbackKinds = ['request.status'] as const
export const messageKinds = [...noticeKinds, ...houseKinds, ...callbackKinds] as const
export type MessageKind = (typeof messageKinds)[number]

/** What must be permitted at the moment of sending. */
export interface ConsentNeed {
  readonly purpose: string
  /** Named in the consent, for purposes that require it. */
  readonly recipient: string | null
  readonly categories: readonly Category[]
}

/** Every endpoint that takes this kind (of this audience's clients alone), or one address that a client named. */
export type MessageTarget =
  | { readonly audience: string | null }
  | { readonly client: string; readonly callback: string }

/** Something that somebody outside is to be told. */
export interface OutboxMessage {
  /** UUID; stays the same however often it is sent. */
  readonly id: string
  readonly kind: MessageKind
  readonly to: MessageTarget
  /** No more than the recipient needs. */
  readonly data: Readonly<Record<string, unknown>>
  /** Whose data stands in it: it is sealed with their key and goes when they are erased. Null: it outlives them, as a notice of the erasure must. */
  readonly subject: SubjectId | null
  /** Null: no consent is needed, as for notices that the law demands. */
  readonly needs: ConsentNeed | null
  /** What it discloses of the person, as it goes on the trail. */
  readonly fields: readonly { readonly path: string; readonly treatment: Treatment }[]
  readonly at: Instant
}

/** A message as it is stored: nothing of its content can be read without the key store. */
export interface SealedMessage extends Omit<OutboxMessage, 'data' | 'to'> {
  readonly audience: string | null
  /** The client whose address the message itself holds; null: registered endpoints. */
  readonly callbackOf: string | null
  readonly sealed: Uint8Array
}

/**
 * Messages that wait to be delivered. Stores that change data write them in the transaction of the change
 * (`writeOutbox`), so that nobody is told of what did not happen, and everybody of what did.
 */
export interface Outbox {
  /** One row per endpoint; where there is none, one that counts as undeliverable until somebody replays it. */
  put(messages: readonly SealedMessage[]): Promise<void>
  /** Removes what still holds data of these people; the number of messages. */
  forget(subjects: readonly SubjectId[]): Promise<number>
}
