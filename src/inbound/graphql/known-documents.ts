import { type DocumentNode, type ExecutionResult, Kind } from 'graphql'
import { LRUCache } from 'lru-cache'
import { introspects } from './introspection.ts'

/** A document that was parsed and found valid. */
export interface KnownDocument {
  readonly document: DocumentNode
  readonly hash: string
}

/** What a plain POST may hold besides the document; anything more is for Apollo Server. */
export interface PlainRequest {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName: string | null
  /** Content type of the answer. */
  readonly type: string
}

const KNOWN = 500
const JSON_TYPE = 'application/json; charset=utf-8'
/** What clients accept as a rule, and what they then get; whoever accepts anything else negotiates with Apollo Server. */
const TYPES: ReadonlyMap<string | undefined, string> = new Map([
  [undefined, JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/json', JSON_TYPE],
  ['application/graphql-response+json', 'application/graphql-response+json; charset=utf-8'],
])

/**
 * Documents that Apollo Server has parsed and validated under its rules, by their exact text. A plain request with one of
 * them needs nothing further from its pipeline, which costs as much as the answer about one profile.
 */
export class KnownDocuments {
  readonly #byText = new LRUCache<string, KnownDocument>({ max: KNOWN })

  /** Subscriptions are not answered over plain HTTP, and not everybody may introspect: documents that do are never known. */
  remember(text: string, known: KnownDocument): void {
    const streams = known.document.definitions.some(
      (one) => one.kind === Kind.OPERATION_DEFINITION && one.operation === 'subscription',
    )
    if (!streams && !introspects(known.document)) this.#byText.set(text, known)
  }

  find(text: string): KnownDocument | undefined {
    return this.#byText.get(text)
  }
}

/** Null for whatever is not a plain POST of JSON with a query. */
export function plainRequestOf(request: {
  readonly method: string
  readonly headers: {
    readonly accept?: string | undefined
    readonly 'content-type'?: string | undefined
  }
  readonly body: unknown
}): PlainRequest | null {
  const { method, headers, body } = request
  const type = TYPES.get(headers.accept)
  if (method !== 'POST' || type === undefined) return null
  if (headers['content-type'] !== 'application/json') return null
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null
  const { query, variables, operationName, ...more } = body as Record<string, unknown>
  if (typeof query !== 'string' || Object.keys(more).length > 0) return null
  if (!isOptional(operationName, 'string') || !isOptional(variables, 'object')) return null
  if (Array.isArray(variables)) return null
  return {
    query,
    variables: (variables ?? {}) as Readonly<Record<string, unknown>>,
    operationName: (operationName ?? null) as string | null,
    type,
  }
}

/** The body of an answer without errors, as Apollo Server writes it. */
export function textOf({ data, extensions }: ExecutionResult): string {
  return `${JSON.stringify({ data, extensions })}\n`
}

function isOptional(value: unknown, type: 'string' | 'object'): boolean {
  return value === undefined || value === null || typeof value === type
}
