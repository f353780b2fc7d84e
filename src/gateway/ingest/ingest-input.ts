import type { ConsentStateName } from '../../domain/privacy/consent.ts'
import type { IdentifierKind } from '../../domain/profiles/identifier.ts'

/** The one shape in which records come in, whoever brings them: file, SDK, stream, connector, mutation. */
export type IngestInput = ProfileInput | EventInput | ConsentInput | ItemInput

export interface IdentifierInput {
  readonly kind: IdentifierKind
  readonly value: string
}

/** What a source says about a person: a customer row, an identify call, an identity provider's answer. */
export interface ProfileInput {
  readonly type: 'profile'
  /** The source's own key of the record; a later record with the same key replaces it. */
  readonly recordKey: string
  readonly identifiers: readonly IdentifierInput[]
  readonly traits: Readonly<Record<string, unknown>>
  /** ISO 8601, or epoch in milliseconds; absent: when it was received. */
  readonly observedAt?: string | number
}

export interface EventInput {
  readonly type: 'event'
  /** Deduplication id: the same one of the same source is taken once. */
  readonly messageId: string
  readonly identifiers: readonly IdentifierInput[]
  readonly name: string
  readonly timestamp?: string | number
  readonly properties: Readonly<Record<string, unknown>>
}

export interface ConsentInput {
  readonly type: 'consent'
  readonly identifiers: readonly IdentifierInput[]
  readonly purpose: string
  readonly state: ConsentStateName
  readonly categories?: readonly string[]
  readonly recipient?: string
  readonly jurisdiction?: string
  readonly effectiveAt?: string | number
  readonly expiresAt?: string | number
  readonly method?: string
  readonly collectionPoint?: string
  readonly noticeVersion?: string
}

export interface ItemInput {
  readonly type: 'item'
  readonly id: string
  readonly title: string
  readonly category?: string
  readonly price?: number | string
  readonly available?: boolean | string
  readonly attributes?: Readonly<Record<string, unknown>>
}

export type { IngestCounts } from '../../domain/profiles/batch.ts'
