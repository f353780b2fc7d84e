import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../gateway/disclose/reception.ts'
import type { AdmittedDocument, DocumentGate } from '../../gateway/scope/document-gate.ts'
import { Refusal } from '../../kernel/refusal.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** As it was sent; undefined: the request brings a document of its own. */
    documentId: unknown
    received: Received | null
  }
}

export interface Received {
  readonly caller: Caller
  /** The document is a registered one. */
  readonly registered: boolean
}

/** Finds out who calls, and puts a registered document where a query would stand: from there on it is one like any other. */
export class TrustedDocumentRequests {
  readonly #callerOf: (request: FastifyRequest) => Promise<Caller>
  readonly #gate: DocumentGate

  constructor(callerOf: (request: FastifyRequest) => Promise<Caller>, gate: DocumentGate) {
    this.#callerOf = callerOf
    this.#gate = gate
  }

  /** @throws Refusal UNAUTHENTICATED, DOCUMENT_REQUIRED, DOCUMENT_NOT_FOUND, BAD_USER_INPUT */
  async receive(request: FastifyRequest): Promise<Received> {
    const { documentId, ...rest } = recordOf(request.body)
    const { caller, document } = await this.#admit(request, documentId ?? undefined)
    if (!document) return { caller, registered: false }
    if (rest.query != null)
      throw new Refusal('BAD_USER_INPUT', 'Send a document id or a query, not both.')
    request.documentId = documentId
    request.body = { ...rest, query: document.text }
    return { caller, registered: true }
  }

  /** Who calls as of now, if the document may still be sent. @throws Refusal as `receive` */
  async callerNow(request: FastifyRequest): Promise<Caller> {
    return (await this.#admit(request, request.documentId)).caller
  }

  async #admit(
    request: FastifyRequest,
    documentId: unknown,
  ): Promise<{ readonly caller: Caller; readonly document: AdmittedDocument | null }> {
    const caller = await this.#callerOf(request)
    const document = await this.#gate.admit(caller.principal, documentId, caller.requestId)
    return { caller: document ? { ...caller, boundPurpose: document.purpose } : caller, document }
  }
}

function recordOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null && !Array.isArray(body)
    ? (body as Record<string, unknown>)
    : {}
}
