/**
 * Every reason for which Bauta says no, as one closed union: the public half of an error.
 * Codes are stable; a message may be reworded, a code may not.
 */
export type RefusalCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'PURPOSE_REQUIRED'
  | 'PURPOSE_CONFLICT'
  | 'DOCUMENT_REQUIRED'
  | 'DOCUMENT_NOT_FOUND'
  | 'BAD_USER_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'QUERY_TOO_DEEP'
  | 'QUERY_TOO_COSTLY'
  | 'TOO_MANY_TOKENS'
  | 'TOO_MANY_FIELDS'
  | 'TOO_MANY_ALIASES'
  | 'TOO_MANY_DIRECTIVES'
  | 'REQUEST_TOO_LARGE'
  | 'BATCHING_REFUSED'
  | 'METHOD_NOT_ALLOWED'
  | 'REQUEST_TOO_SLOW'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'ORIGIN_NOT_ALLOWED'
  | 'BUDGET_EXHAUSTED'
  | 'PRIVACY_BUDGET_EXHAUSTED'
  | 'RATE_LIMITED'
  | 'TIMEOUT'
  | 'AUDIT_UNAVAILABLE'
  | 'STORE_UNAVAILABLE'
  | 'KEYS_UNAVAILABLE'
  | 'PROVIDER_UNAVAILABLE'
  | 'INTERNAL'

/**
 * A refusal has a public half (code and message: may leave the process) and a private half
 * (cause: for the log only). The message never holds a value that came from a person.
 */
export class Refusal extends Error {
  readonly code: RefusalCode
  /** The scope without which it is refused, where that is told; null: another reason. */
  readonly scope: string | null
  /** Seconds until another try is worth it; null: that is not known. */
  readonly retryAfter: number | null

  constructor(
    code: RefusalCode,
    message: string,
    options?: { cause?: unknown; scope?: string; retryAfter?: number },
  ) {
    super(message, options)
    this.name = 'Refusal'
    this.code = code
    this.scope = options?.scope ?? null
    this.retryAfter = options?.retryAfter ?? null
  }
}

const STATUS: Readonly<Record<RefusalCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  PURPOSE_REQUIRED: 400,
  PURPOSE_CONFLICT: 400,
  DOCUMENT_REQUIRED: 403,
  DOCUMENT_NOT_FOUND: 404,
  BAD_USER_INPUT: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  QUERY_TOO_DEEP: 400,
  QUERY_TOO_COSTLY: 400,
  TOO_MANY_TOKENS: 400,
  TOO_MANY_FIELDS: 400,
  TOO_MANY_ALIASES: 400,
  TOO_MANY_DIRECTIVES: 400,
  REQUEST_TOO_LARGE: 413,
  BATCHING_REFUSED: 400,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TOO_SLOW: 408,
  UNSUPPORTED_MEDIA_TYPE: 415,
  ORIGIN_NOT_ALLOWED: 403,
  BUDGET_EXHAUSTED: 429,
  PRIVACY_BUDGET_EXHAUSTED: 429,
  RATE_LIMITED: 429,
  TIMEOUT: 504,
  AUDIT_UNAVAILABLE: 503,
  STORE_UNAVAILABLE: 503,
  KEYS_UNAVAILABLE: 503,
  PROVIDER_UNAVAILABLE: 503,
  INTERNAL: 500,
}

/** The HTTP status of a refusal that stands for a whole response. */
export function httpStatusOf(code: RefusalCode): number {
  return STATUS[code]
}

/** What `WWW-Authenticate` says where a whole response is refused for want of a scope (RFC 6750 §3.1); null elsewhere. */
export function scopeChallengeOf({ scope }: Refusal): string | null {
  return scope && `Bearer realm="bauta", error="insufficient_scope", scope="${scope}"`
}

/**
 * The private half of an error, for the log: name, code and frames of the stack. Messages of foreign errors may quote
 * what they choked on, a person's data among it, so they stay out.
 */
export function failureOf(error: unknown): Record<string, unknown> {
  const cause = causeOf(error)
  if (!(cause instanceof Error)) return { name: typeof cause }
  const { code } = cause as Error & { code?: unknown }
  // A message of several lines may look like frames.
  const stack = cause.stack?.replace(cause.message, '')
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line))
  return {
    name: cause.name,
    code: typeof code === 'string' ? code : undefined,
    stack: frames?.join('\n'),
  }
}

/** What lies behind a refusal, or behind an error that GraphQL has wrapped. */
function causeOf(error: unknown): unknown {
  const { originalError } = (error ?? {}) as { originalError?: unknown }
  if (originalError instanceof Error) return causeOf(originalError)
  return error instanceof Refusal && error.cause ? error.cause : error
}
