import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../gateway/disclose/reception.ts'
import type { Allowance } from '../../gateway/scope/budgets.ts'
import type { AdmittedDocument, DocumentGate } from '../../gateway/scope/document-gate.ts'
import { Refusal } from '../../kernel/refusal.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** As it was sent; undefined: the request brings a document of its own. */
    documentId: unknown
    received: Received | null
    /** Of who calls, once that is known. */
    allowance: Allowance | null
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

  /** @throws Refusal UNAUTHENTICATED, RATE_LIMITED, BATCHING_REFUSED, DOCUMENT_REQUIRED, DOCUMENT_NOT_FOUND, BAD_USER_INPUT */
  async receive(request: FastifyRequest): Promise<Received> {
    const known = await this.#callerOf(request)
    request.allowance = known.allowance ?? null
    await request.allowance?.spendRequest()
    if (Array.isArray(request.body))
      throw new Refusal('BATCHING_REFUSED', 'Send one operation a request.')
    // For a body like `null`, the library of the stream would wait for what has been read already, for good.
    if (request.method === 'POST' && !isRecord(request.body))
      throw new Refusal('BAD_USER_INPUT', 'Send a JSON object with a query or a document id.')
    const { documentId, ...rest }: Readonly<Record<string, unknown>> = isRecord(request.body)
      ? request.body
      : {}
    const { caller, document } = await this.#admit(known, documentId ?? undefined)
    if (!document) return { caller, registered: false }
    if (rest.query != null)
      throw new Refusal('BAD_USER_INPUT', 'Send a document id or a query, not both.')
    request.documentId = documentId
    request.body = { ...rest, query: document.text }
    return { caller, registered: true }
  }

  /** Who calls as of now, if the document may still be sent. @throws Refusal as `receive` */
  async callerNow(request: FastifyRequest): Promise<Caller> {
    return (await this.#admit(await this.#callerOf(request), request.documentId)).caller
  }

  async #admit(
    caller: Caller,
    documentId: unknown,
  ): Promise<{ readonly caller: Caller; readonly document: AdmittedDocument | null }> {
    const document = await this.#gate.admit(caller.principal, documentId, caller.requestId)
    return { caller: document ? { ...caller, boundPurpose: document.purpose } : caller, document }
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
