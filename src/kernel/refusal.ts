/**
 * Every reason for which Bauta says no, as one closed union: the public half of an error.
 * Codes are stable; a message may be reworded, a code may not.
 */
export type RefusalCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'PURPOSE_REQUIRED'
  | 'PURPOSE_CONFLICT'
  | 'BAD_USER_INPUT'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'QUERY_TOO_DEEP'
  | 'QUERY_TOO_COSTLY'
  | 'REQUEST_TOO_LARGE'
  | 'BUDGET_EXHAUSTED'
  | 'AUDIT_UNAVAILABLE'
  | 'STORE_UNAVAILABLE'
  | 'KEYS_UNAVAILABLE'
  | 'INTERNAL'

/**
 * A refusal has a public half (code and message: may leave the process) and a private half
 * (cause: for the log only). The message never holds a value that came from a person.
 */
export class Refusal extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'Refusal'
    this.code = code
  }
}
