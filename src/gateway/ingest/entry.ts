import type { ConsentRecord } from '../../domain/privacy/consent.ts'
import type { ConsentCircumstances } from '../../domain/privacy/kept-consent.ts'
import type { StoredItem, Vault } from '../../domain/profiles/ingest-store.ts'
import type { TraitValue } from '../../domain/profiles/normalise.ts'
import type { IndexedIdentifier } from '../../domain/profiles/resolution.ts'
import type { Instant } from '../../kernel/time.ts'

/** A valid, normalised input, waiting for its home. Identifiers are blind already, strongest first. */
export type Entry = ProfileEntry | EventEntry | ConsentEntry | ItemEntry

export interface ProfileEntry {
  readonly type: 'profile'
  readonly identifiers: readonly IndexedIdentifier[]
  readonly recordKey: string
  readonly contentHash: string
  readonly observedAt: Instant
  readonly traits: Readonly<Record<string, TraitValue>>
  readonly vault: Vault
}

export interface EventEntry {
  readonly type: 'event'
  readonly identifiers: readonly IndexedIdentifier[]
  readonly messageId: string
  readonly name: string
  readonly occurredAt: Instant
  readonly itemId: string | null
  readonly orderId: string | null
  readonly value: number
  readonly properties: Readonly<Record<string, TraitValue>>
  readonly vault: Vault
}

export interface ConsentEntry {
  readonly type: 'consent'
  readonly identifiers: readonly IndexedIdentifier[]
  /** What one row says; several where it tells of several purposes. */
  readonly records: readonly [ConsentRecord, ...ConsentRecord[]]
  readonly circumstances: ConsentCircumstances
}

export interface ItemEntry {
  readonly type: 'item'
  readonly item: StoredItem
}

/** What makes a row wait in quarantine instead: reasons that repeat no value of it. */
export class Unacceptable extends Error {
  override readonly name = 'Unacceptable'
  readonly reasons: readonly string[]

  constructor(reasons: readonly string[]) {
    super('not acceptable')
    this.reasons = reasons
  }
}
