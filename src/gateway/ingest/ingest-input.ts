import type { ConsentStateName } from '../../domain/privacy/consent-vector.ts'
import type { IdentifierKind } from '../../domain/profiles/identifier.ts'

/** The one shape in which records come in, whoever brings them: file, SDK, stream, connector, mutation. */
export type IngestInput = ProfileInput | EventInput | ConsentInput | SignalsInput | ItemInput

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
  /** Key of the notice that was shown, with `noticeVersion` and `language` as notices.csv has them. */
  readonly notice?: string
  readonly noticeVersion?: string
  readonly language?: string
  readonly evidence?: ConsentEvidence
}

/** What shows that a decision was taken: places and signals, never words that people wrote. */
export interface ConsentEvidence {
  /** Screen or page on which it was taken. */
  readonly screen?: string
  /** What was pressed there. */
  readonly control?: string
}

/** Signals about a person from outside; each becomes records of the consent history. */
export interface SignalsInput {
  readonly type: 'signals'
  readonly identifiers: readonly IdentifierInput[]
  /** Global Privacy Control: `1` is an opt-out, `0` says that it was turned off. */
  readonly gpc?: string
  /** IAB TCF v2.3. */
  readonly tcString?: string
  /** IAB GPP. */
  readonly gppString?: string
  /** Segment's `context.consent.categoryPreferences`: category -> whether it was agreed to. */
  readonly categoryPreferences?: Readonly<Record<string, boolean>>
  /** When it was seen; a TC string says itself when it was last changed. */
  readonly effectiveAt?: string | number
  readonly collectionPoint?: string
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
