import type { SubjectRequestType } from '../../domain/privacy/subject-request.ts'
import { DEFAULT_REGULATION, dueAt } from '../../domain/privacy/subject-request.ts'
import type { HeldRequest } from '../../domain/profiles/subject-request-store.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import type { Scope } from './scope.ts'

/**
 * What somebody demands and a mutation meets at once, as a line of the register: to be stored in the transaction that
 * meets it, or the register would tell of what never happened, or keep silent about what did.
 * @param subject null: an erasure, which leaves nobody to name.
 */
export function metRequest(
  { principal, now }: Scope,
  type: SubjectRequestType,
  subject: SubjectId | null,
  randomness: Randomness,
): HeldRequest {
  return {
    id: uuidV7(now, randomness),
    version: 0,
    type,
    subject,
    status: 'completed',
    regulation: DEFAULT_REGULATION,
    clientId: principal.client.id,
    clientRequestId: null,
    submittedAt: now,
    receivedAt: now,
    dueAt: dueAt(DEFAULT_REGULATION, now, false),
    extension: null,
    settledAt: now,
    identities: null,
    callbacks: null,
  }
}
