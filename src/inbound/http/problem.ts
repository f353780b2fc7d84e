import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal, type RefusalCode } from '../../kernel/refusal.ts'

const statuses: Readonly<Record<RefusalCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  PURPOSE_REQUIRED: 400,
  PURPOSE_CONFLICT: 400,
  BAD_USER_INPUT: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  QUERY_TOO_DEEP: 400,
  QUERY_TOO_COSTLY: 400,
  REQUEST_TOO_LARGE: 413,
  BUDGET_EXHAUSTED: 429,
  AUDIT_UNAVAILABLE: 503,
  STORE_UNAVAILABLE: 503,
  KEYS_UNAVAILABLE: 503,
  INTERNAL: 500,
}

/** The public half of an error, as JSON. */
export interface Problem {
  readonly code: RefusalCode
  readonly message: string
}

export function statusOf(code: RefusalCode): number {
  return statuses[code]
}

/** What a caller is told about an error: a refusal in its own words, anything else without detail. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) return { code: error.code, message: error.message }
  const status = (error as Partial<FastifyError> | null)?.statusCode ?? 500
  if (status === 413) return { code: 'REQUEST_TOO_LARGE', message: 'The request is too large.' }
  if (status === 503) return { code: 'INTERNAL', message: 'The request took too long.' }
  if (status >= 400 && status < 500)
    return { code: 'BAD_USER_INPUT', message: 'The request can not be read.' }
  return { code: 'INTERNAL', message: 'Something went wrong; the log names it by the request id.' }
}

/** Answers an error. Its private half goes to the log: the error's name and code, and the stack of what nobody foresaw. */
export async function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const problem = problemOf(error)
  const given = (error as Partial<FastifyError> | null)?.statusCode
  const status = error instanceof Refusal ? statusOf(error.code) : (given ?? 500)
  if (status >= 500) request.log.error({ failure: failureOf(error) }, 'request failed')
  if (status === 401) void reply.header('www-authenticate', 'Bearer')
  await reply.status(status).send(problem)
}

// Messages of foreign errors may quote what they choked on, so they stay out; the stack's frames hold no values.
function failureOf(error: unknown): Record<string, unknown> {
  const cause = error instanceof Refusal && error.cause ? error.cause : error
  if (!(cause instanceof Error)) return { name: typeof cause }
  const { code } = cause as Error & { code?: unknown }
  const frames = cause.stack?.split('\n').filter((line) => /^\s+at /.test(line))
  return {
    name: cause.name,
    code: typeof code === 'string' ? code : undefined,
    stack: frames?.join('\n'),
  }
}
