import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { DEFAULT_REGULATION, dueAt, type SubjectRequestType } from '../privacy/subject-request.ts'
import type { HeldRequest } from './subject-request-store.ts'

/**
 * What somebody demands and a mutation meets at once, as a line of the register: to be stored in the transaction that
 * meets it, or the register would tell of what never happened, or keep silent about what did.
 */
export function metRequest(
  demand: {
    readonly type: SubjectRequestType
    /** Null: an erasure, which leaves nobody to name. */
    readonly subject: SubjectId | null
    readonly clientId: string
    readonly at: Instant
  },
  randomness: Randomness,
): HeldRequest {
  const { type, subject, clientId, at } = demand
  return {
    id: uuidV7(at, randomness),
    version: 0,
    type,
    subject,
    status: 'completed',
    regulation: DEFAULT_REGULATION,
    clientId,
    clientRequestId: null,
    submittedAt: at,
    receivedAt: at,
    dueAt: dueAt(DEFAULT_REGULATION, at, false),
    extension: null,
    settledAt: at,
    identities: null,
    callbacks: null,
  }
}
