import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql'
import { isDenial } from '../../gateway/scope/denials.ts'
import { httpStatusOf, Refusal, type RefusalCode, scopeChallengeOf } from '../../kernel/refusal.ts'

/** A part of the answer can't be trusted to be whole: nothing of it is given. */
const STOPS_EVERYTHING: ReadonlySet<string> = new Set([
  'AUDIT_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'KEYS_UNAVAILABLE',
])

/** A refusal of the whole operation, with its HTTP status. */
export function refusedWhole(refusal: Refusal): GraphQLError {
  const challenge = scopeChallengeOf(refusal)
  const headers = challenge === null ? undefined : new Map([['www-authenticate', challenge]])
  return new GraphQLError(refusal.message, {
    extensions: {
      code: refusal.code,
      http: { status: httpStatusOf(refusal.code), ...(headers ? { headers } : {}) },
    },
    originalError: refusal,
  })
}

/** The refusal behind an error of execution, if there is one that stops everything. */
export function stoppingRefusal(errors: readonly GraphQLError[] | undefined): Refusal | null {
  for (const error of errors ?? []) {
    const cause = refusalOf(error)
    if (cause && STOPS_EVERYTHING.has(cause.code)) return cause
  }
  return null
}

/** How an answer ended, as its entry says: what was told in part is a permit, with the code of what was not. */
export function outcomeOf({ data, errors = [] }: ExecutionResult): {
  readonly outcome: 'permit' | 'deny' | 'error'
  readonly code: RefusalCode | null
} {
  const [refusal = null] = errors.flatMap((error) => refusalOf(error) ?? [])
  const code = refusal?.code ?? null
  const toldNothing = Object.values(data ?? {}).every((value) => value == null)
  if (errors.length === 0 || !toldNothing) return { outcome: 'permit', code }
  return { outcome: code !== null && isDenial(code) ? 'deny' : 'error', code }
}

export function refusalOf(error: unknown): Refusal | null {
  let cause: unknown = error
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError
  return cause instanceof Refusal ? cause : null
}

/** A refusal before GraphQL began (no token, a body too large), in the shape that GraphQL clients read. */
export function refusalBody(error: unknown): { status: number; code: RefusalCode; body: unknown } {
  const status = (error as { statusCode?: unknown } | null)?.statusCode
  const refusal =
    error instanceof Refusal
      ? error
      : status === 413
        ? new Refusal('REQUEST_TOO_LARGE', 'The request is too large.')
        : typeof status === 'number' && status < 500
          ? new Refusal('BAD_USER_INPUT', 'The request can not be read.')
          : new Refusal('INTERNAL', INTERNAL)
  const { code, message } = refusal
  return { status: httpStatusOf(code), code, body: { errors: [{ message, extensions: { code } }] } }
}

/**
 * A compiled query's result with errors as the reference executor makes them. The compiler's own lack `extensions`, which
 * Apollo reads: it would answer INTERNAL_SERVER_ERROR to every refusal.
 */
export function withPlainErrors(result: ExecutionResult): ExecutionResult {
  if (!result.errors) return result
  const errors = result.errors.map(({ message, path, locations, originalError }) => {
    const plain = new GraphQLError(message, {
      path: path ?? null,
      originalError: originalError ?? null,
    })
    return Object.defineProperty(plain, 'locations', { value: locations, enumerable: true })
  })
  return { ...result, errors }
}

/** Codes that GraphQL itself gives before anything is executed. */
const OF_GRAPHQL: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
])
const INTERNAL = 'Something went wrong here; the request id helps to find it.'

/**
 * The only errors that leave: refusals from the closed list, and what GraphQL says about the document. Anything else is
 * replaced, because its message may hold a person's data.
 */
export function publicError(
  formatted: GraphQLFormattedError,
  error: unknown,
): GraphQLFormattedError {
  const place = {
    ...(formatted.locations ? { locations: formatted.locations } : {}),
    ...(formatted.path ? { path: formatted.path } : {}),
  }
  const refusal = refusalOf(error)
  if (refusal) return { message: refusal.message, ...place, extensions: { code: refusal.code } }
  const code = formatted.extensions?.code
  if (OF_GRAPHQL.has(code) && !formatted.path)
    return { message: formatted.message, ...place, extensions: { code } }
  return { message: INTERNAL, ...place, extensions: { code: 'INTERNAL' } }
}
