import type { Client, ClientStore } from '../../domain/access/principal.ts'
import {
  documentHash,
  documentIdOf,
  hashOfDocumentId,
  type TrustedDocument,
  type TrustedDocumentStore,
} from '../../domain/access/trusted-document.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, type Instant, isoInstant } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'

/** One entry of a manifest: what a client's build calls a document, and the document. */
export interface DocumentDraft {
  /** SHA-256 of the text, hex, with or without `sha256:` before it. */
  readonly id: string
  readonly text: string
}

/** An operation of a document, as far as registering it depends on it. */
export interface OperationFacts {
  readonly name: string | null
  /** Of its directive @purpose. */
  readonly purpose: string | null
  /** It selects what is personal, so that it needs a purpose. */
  readonly isPersonal: boolean
}

/** Reads a document as the schema of this gateway has it. @throws Refusal naming what is wrong with it. */
export type InspectDocument = (text: string, id: string) => readonly OperationFacts[]

/** A registered document as lists show it. */
export interface DocumentLine {
  readonly client: string
  readonly documentId: string
  readonly operations: readonly string[]
  readonly purpose: string | null
  readonly registeredAt: string
}

export interface RegisterOptions {
  /** For documents that name none themselves; absent: the client's default. */
  readonly purpose?: string
  /** Who does this; absent: the operator at the command line. */
  readonly actor?: AuditEntry['actor']
  /** Told after each document that was checked. */
  readonly onProgress?: (checked: number) => void
}

export interface TrustedDocumentsParts {
  readonly store: TrustedDocumentStore
  readonly clients: Pick<ClientStore, 'find'>
  readonly inspect: InspectDocument
  readonly recorder: Recorder
  readonly clock: Clock
  /** Lets others have their turn during a long manifest. */
  readonly pause: () => Promise<void>
}

/** Of a long list of complaints the first are enough to begin with. */
const TOLD_COMPLAINTS = 20
const CHECKED_BETWEEN_PAUSES = 10

/** Which documents a client may send by their id. Each look and each change stands on the audit trail, before it holds. */
export class TrustedDocuments {
  readonly #parts: TrustedDocumentsParts

  constructor(parts: TrustedDocumentsParts) {
    this.#parts = parts
  }

  /**
   * Registers all of them or, if one is not acceptable, none.
   * @returns how many there are.
   * @throws Refusal NOT_FOUND, BAD_USER_INPUT with a line for each document that is not acceptable.
   */
  async register(
    clientId: string,
    drafts: readonly DocumentDraft[],
    options: RegisterOptions = {},
  ): Promise<number> {
    const client = await this.#client(clientId)
    const documents = await this.#checked(client, drafts, options)
    await this.#record(
      {
        action: 'document.register',
        client: clientId,
        documents: documents.length,
        manifest: documentIdOf(documentHash(documents.map(({ hash }) => hash).join(' '))),
      },
      options,
    )
    await this.#parts.store.register(documents)
    return documents.length
  }

  /** @throws Refusal NOT_FOUND: there is no such client */
  async list(
    clientId: string | null,
    options: RegisterOptions = {},
  ): Promise<readonly DocumentLine[]> {
    if (clientId !== null) await this.#known(clientId)
    const documents = await this.#parts.store.list(clientId)
    await this.#record(
      { action: 'document.list', client: clientId, documents: documents.length },
      options,
    )
    return documents.map(({ clientId: client, hash, operations, purpose, registeredAt }) => ({
      client,
      documentId: documentIdOf(hash),
      operations,
      purpose,
      registeredAt: isoInstant(registeredAt),
    }))
  }

  /** From now on it is refused. @throws Refusal BAD_USER_INPUT, NOT_FOUND */
  async remove(clientId: string, documentId: string, options: RegisterOptions = {}): Promise<void> {
    const hash = hashOfDocumentId(documentId)
    if (hash === null)
      throw new Refusal('BAD_USER_INPUT', 'The document id must be sha256: and 64 hex digits.')
    if (!(await this.#parts.store.find(clientId, hash)))
      throw new Refusal('NOT_FOUND', `${clientId} has registered no such document.`)
    await this.#record(
      { action: 'document.remove', client: clientId, document: documentId },
      options,
    )
    await this.#parts.store.remove(clientId, hash)
  }

  async #known(id: string): Promise<Client> {
    const client = await this.#parts.clients.find(id)
    if (!client) throw new Refusal('NOT_FOUND', `There is no client "${id}".`)
    return client
  }

  async #client(id: string): Promise<Client> {
    const client = await this.#known(id)
    if (client.disabledAt !== null) throw new Refusal('CONFLICT', `The client "${id}" is revoked.`)
    return client
  }

  async #checked(
    client: Client,
    drafts: readonly DocumentDraft[],
    { purpose, onProgress }: RegisterOptions,
  ): Promise<readonly TrustedDocument[]> {
    const now = this.#parts.clock.now()
    const byHash = new Map<string, TrustedDocument>()
    const complaints: string[] = []
    for (const [index, draft] of drafts.entries()) {
      try {
        const document = this.#document(client, draft, purpose ?? null, now)
        byHash.set(document.hash, document)
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        complaints.push(`${draft.id}: ${error.message}`)
      }
      onProgress?.(index + 1)
      if (index % CHECKED_BETWEEN_PAUSES === 0) await this.#parts.pause()
    }
    if (complaints.length > 0) throw notRegistered(complaints)
    if (byHash.size === 0) throw new Refusal('BAD_USER_INPUT', 'The manifest holds no documents.')
    return [...byHash.values()]
  }

  #document(
    client: Client,
    { id, text }: DocumentDraft,
    wanted: string | null,
    now: Instant,
  ): TrustedDocument {
    const hash = documentHash(text)
    if (id !== hash && id !== documentIdOf(hash))
      throw new Refusal(
        'BAD_USER_INPUT',
        `its id is not the SHA-256 of its text, which is ${hash}; let the build use sha256.`,
      )
    const operations = this.#parts.inspect(text, documentIdOf(hash))
    return {
      clientId: client.id,
      hash,
      text,
      operations: operations.flatMap(({ name }) => name ?? []),
      purpose: boundPurpose(client, operations, wanted),
      registeredAt: now,
    }
  }

  async #record(
    action: NonNullable<AuditEntry['action']>,
    { actor }: RegisterOptions,
  ): Promise<void> {
    await this.#parts.recorder.recordAction(action, actor ? { actor } : {})
  }
}

/** The one purpose for which a document may be sent: its own word, or what was said at registration, or the client's default. */
function boundPurpose(
  client: Client,
  operations: readonly OperationFacts[],
  wanted: string | null,
): string | null {
  const declared = new Set(operations.flatMap(({ purpose }) => purpose ?? []))
  if (wanted !== null) declared.add(wanted)
  if (declared.size > 1)
    throw new Refusal(
      'BAD_USER_INPUT',
      `it is for several purposes (${[...declared].join(', ')}); a document is bound to one.`,
    )
  const [purpose = client.defaultPurpose] = declared
  if (purpose === null && operations.some(({ isPersonal }) => isPersonal))
    throw new Refusal(
      'BAD_USER_INPUT',
      'it selects personal fields for no purpose: add @purpose(is: "…"), or register it with a purpose.',
    )
  if (purpose !== null && !client.purposes.includes(purpose))
    throw new Refusal(
      'BAD_USER_INPUT',
      `${client.id} may not declare the purpose ${purpose}: ${client.purposes.join(', ') || 'it has none'}.`,
    )
  return purpose
}

function notRegistered(complaints: readonly string[]): Refusal {
  const told = complaints.slice(0, TOLD_COMPLAINTS)
  const rest = complaints.length - told.length
  const more = rest > 0 ? [`… and ${rest} more`] : []
  return new Refusal('BAD_USER_INPUT', ['Nothing was registered.', ...told, ...more].join('\n'))
}
