import {
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  Kind,
  print,
} from 'graphql'
import type { Caller } from '../../gateway/disclose/reception.ts'
import { isDenial } from '../../gateway/scope/denials.ts'
import { httpStatusOf, Refusal, type RefusalCode, scopeChallengeOf } from '../../kernel/refusal.ts'

/** A part of the answer can't be trusted to be whole: nothing of it is given. */
const STOPS_EVERYTHING: ReadonlySet<string> = new Set([
  'AUDIT_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'KEYS_UNAVAILABLE',
  'TIMEOUT',
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
        : status === 415
          ? new Refusal('UNSUPPORTED_MEDIA_TYPE', 'Send the query as application/json.')
          : typeof status === 'number' && status < 500
            ? new Refusal('BAD_USER_INPUT', 'The request can not be read.')
            : new Refusal('INTERNAL', INTERNAL)
  const { code, message } = refusal
  return { status: httpStatusOf(code), code, body: { errors: [{ message, extensions: { code } }] } }
}

/**
 * A result in the one form that both executors are brought to: the order of errors, and what was still going on below a
 * place that had failed as a whole, would tell which of them answered. For a place that is null the last error stands,
 * in both the one that made it null; places come in the order of their paths. Not promised: which of several failures
 * of what can't be null, below one place, is told. The compiler's errors lack `extensions`, which Apollo reads: it would answer
 * INTERNAL_SERVER_ERROR to every refusal.
 */
export function inOneForm({ data, errors }: ExecutionResult): ExecutionResult {
  if (!errors) return { data: data ?? null }
  const byPlace = new Map<string, GraphQLError>()
  for (const error of errors)
    byPlace.set(JSON.stringify(nulledPlace(data, error.path ?? [])), plainError(error))
  const places = [...byPlace].sort(([one], [other]) => (one < other ? -1 : 1))
  return { errors: places.map(([, error]) => error), ...(data !== undefined && { data }) }
}

/** How far one comes on this path: a failure of what can't be null takes what it stands in. */
function nulledPlace(data: unknown, path: readonly (string | number)[]) {
  let value = data
  const reached = path.findIndex((key) => {
    if (value == null) return true
    value = (value as Record<string | number, unknown>)[key]
    return false
  })
  return reached < 0 ? path : path.slice(0, reached)
}

function plainError({
  message,
  path,
  locations,
  originalError,
  nodes,
}: GraphQLError): GraphQLError {
  const plain = new GraphQLError(message, {
    nodes: nodes ?? null,
    path: path ?? null,
    originalError: originalError ?? null,
  })
  return Object.defineProperty(plain, 'locations', { value: locations, enumerable: true })
}

/** Codes that GraphQL itself gives, before anything is executed. */
const OF_GRAPHQL: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'TOO_MANY_TOKENS',
  'METHOD_NOT_ALLOWED',
])
// As graphql-js words it (language/parser.js, with maxTokens).
const TOO_MANY_TOKENS = /^Syntax Error: Document contains more that \d+ tokens/
const INTERNAL = 'Something went wrong here; the request id helps to find it.'

/** A bound that GraphQL itself keeps, under a code of ours: it has the same for much that is no attack. */
function limitOf(
  { message, extensions }: GraphQLFormattedError,
  error: unknown,
): RefusalCode | null {
  if (extensions?.code === 'GRAPHQL_PARSE_FAILED' && TOO_MANY_TOKENS.test(message))
    return 'TOO_MANY_TOKENS'
  const http = error instanceof GraphQLError ? error.extensions.http : null
  return (http as { status?: unknown } | null)?.status === 405 ? 'METHOD_NOT_ALLOWED' : null
}

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
  const variable = formatted.path ? null : badVariable(error)
  if (variable) return { message: variable, ...place, extensions: { code: 'BAD_USER_INPUT' } }
  const code = limitOf(formatted, error) ?? formatted.extensions?.code
  if (OF_GRAPHQL.has(code) && !formatted.path)
    return { message: formatted.message, ...place, extensions: { code } }
  return { message: INTERNAL, ...place, extensions: { code: 'INTERNAL' } }
}

/** In words of the document alone: GraphQL's own would repeat the value, and names of fields that it resembles. */
function badVariable(error: unknown): string | null {
  const [node] = (error instanceof GraphQLError && error.nodes) || []
  if (node?.kind !== Kind.VARIABLE_DEFINITION) return null
  return `The variable $${node.variable.name.value} does not fit its type ${print(node.type)}.`
}

/** What a partner is told of everything that keeps a request from being executed: nothing of the schema can be read from it. */
const UNREADABLE: GraphQLFormattedError = {
  message: 'The request can not be answered as it stands.',
  extensions: { code: 'BAD_USER_INPUT' },
}

/** Errors as this caller is told them, public ones all of them. */
export function errorsFor(
  { principal }: Caller,
  errors: readonly GraphQLFormattedError[],
): readonly GraphQLFormattedError[] {
  const isEarly = ({ path, extensions }: GraphQLFormattedError) =>
    !path && OF_GRAPHQL.has(extensions?.code)
  return principal.roles.includes('partner') && errors.some(isEarly) ? [UNREADABLE] : errors
}
