import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import {
  failureOf,
  httpStatusOf,
  Refusal,
  type RefusalCode,
  scopeChallengeOf,
} from '../../kernel/refusal.ts'

/** The public half of an error, as JSON. */
export interface Problem {
  readonly code: RefusalCode
  readonly message: string
}

/** What a caller is told about an error: a refusal in its own words, anything else without detail. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) return { code: error.code, message: error.message }
  const status = (error as Partial<FastifyError> | null)?.statusCode ?? 500
  if (status === 413) return { code: 'REQUEST_TOO_LARGE', message: 'The request is too large.' }
  if (status === 415)
    return { code: 'UNSUPPORTED_MEDIA_TYPE', message: 'This content type is not read here.' }
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
  const status = error instanceof Refusal ? httpStatusOf(error.code) : (given ?? 500)
  if (status >= 500) request.log.error({ failure: failureOf(error) }, 'request failed')
  const challenge = error instanceof Refusal ? scopeChallengeOf(error) : null
  if (challenge !== null) void reply.header('www-authenticate', challenge)
  if (error instanceof Refusal && error.retryAfter !== null)
    void reply.header('retry-after', error.retryAfter)
  await reply.status(status).send(problem)
}
