import { createHash } from 'node:crypto'
import type { Instant } from '../../kernel/time.ts'

/** A GraphQL document that a client has registered, so that it may be sent by its id. */
export interface TrustedDocument {
  readonly clientId: string
  /** SHA-256 of the text, hex. */
  readonly hash: string
  readonly text: string
  /** Names of its operations; one without a name has none. */
  readonly operations: readonly string[]
  /** For what alone it may be sent; null: it speaks of no person. */
  readonly purpose: string | null
  readonly registeredAt: Instant
}

/** What clients have registered. A document of one client says nothing about those of another. */
export interface TrustedDocumentStore {
  /** All or none; those that are there already get the new purpose. */
  register(documents: readonly TrustedDocument[]): Promise<void>
  find(clientId: string, hash: string): Promise<TrustedDocument | null>
  /** By client, oldest first; null: of all clients. */
  list(clientId: string | null): Promise<readonly TrustedDocument[]>
  /** False where there is none. */
  remove(clientId: string, hash: string): Promise<boolean>
}

const ID = /^sha256:([0-9a-f]{64})$/

/** Of the exact text, byte for byte: white space counts (Persisted Documents, an appendix of GraphQL over HTTP). */
export function documentHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export function documentIdOf(hash: string): string {
  return `sha256:${hash}`
}

/** The hash in a document's id; null where it is no such id. */
export function hashOfDocumentId(id: unknown): string | null {
  return (typeof id === 'string' && ID.exec(id)?.[1]) || null
}
