import type { Principal } from '../../domain/access/principal.ts'
import {
  hashOfDocumentId,
  type TrustedDocument,
  type TrustedDocumentStore,
} from '../../domain/access/trusted-document.ts'
import { Refusal, type RefusalCode } from '../../kernel/refusal.ts'
import { actorOf } from './actor.ts'
import type { Audiences } from './audiences.ts'
import type { Denials } from './denials.ts'
import { NextAnswer } from './next-answer.ts'
import type { Recorder } from './recorder.ts'

/** A registered document that runs in place of a query. */
export interface AdmittedDocument {
  readonly text: string
  readonly purpose: string | null
}

/** Roles beside those of development that may ask what the schema is. */
const MAY_INTROSPECT: readonly string[] = ['admin', 'analyst']

/** Who may send which document. Whether it may then be executed is decided at execution, as for any other. */
export class DocumentGate {
  readonly #parts: {
    readonly store: Pick<TrustedDocumentStore, 'find'>
    readonly audiences: Audiences
    readonly denials: Denials
    readonly recorder: Recorder
    readonly development: boolean
  }
  /** By client and hash. Looked up for every request, because a removal must count at once. */
  readonly #found: NextAnswer<TrustedDocument | null>

  constructor(parts: {
    store: Pick<TrustedDocumentStore, 'find'>
    audiences: Audiences
    denials: Denials
    recorder: Recorder
    /** The mark `adhoc` of a client counts here, and nowhere else. */
    development: boolean
  }) {
    this.#parts = parts
    this.#found = new NextAnswer((key) => {
      const [clientId = '', hash = ''] = key.split(' ')
      return parts.store.find(clientId, hash)
    })
  }

  /**
   * @param documentId as it was sent; undefined: the request brings a document of its own.
   * @returns the registered document; null where the caller may send one of its own.
   * @throws Refusal DOCUMENT_REQUIRED, DOCUMENT_NOT_FOUND (each is an entry), BAD_USER_INPUT
   */
  async admit(
    principal: Principal,
    documentId: unknown,
    requestId: string,
  ): Promise<AdmittedDocument | null> {
    if (documentId === undefined) {
      if (!this.#mustBeRegistered(principal)) return null
      throw await this.#denied(
        principal,
        requestId,
        'DOCUMENT_REQUIRED',
        'This client sends registered documents only: {"documentId": "sha256:…", "variables": {…}}, as JSON by POST.',
      )
    }
    const hash = hashOfDocumentId(documentId)
    if (hash === null)
      throw new Refusal('BAD_USER_INPUT', 'A document id is sha256: and 64 hex digits.')
    const found = await this.#found.to(`${principal.client.id} ${hash}`)
    if (found) return { text: found.text, purpose: found.purpose }
    throw await this.#denied(
      principal,
      requestId,
      'DOCUMENT_NOT_FOUND',
      'This client has registered no such document.',
    )
  }

  /** Whether the caller may ask what the schema is. */
  mayIntrospect({ client, roles }: Principal): boolean {
    const { development } = this.#parts
    if (roles.includes('partner')) return development && client.adhoc
    return development || roles.some((role) => MAY_INTROSPECT.includes(role))
  }

  #mustBeRegistered({ client, roles }: Principal): boolean {
    return roles.includes('partner') && !(this.#parts.development && client.adhoc)
  }

  async #denied(
    principal: Principal,
    requestId: string,
    code: RefusalCode,
    message: string,
  ): Promise<Refusal> {
    const { audiences, denials, recorder } = this.#parts
    const { audience } = principal.client
    const by = { actor: actorOf(principal, audiences), audience, requestId }
    await denials.spend(by)
    await recorder.recordAction({ action: 'document.send' }, { ...by, refused: code })
    return new Refusal(code, message)
  }
}
