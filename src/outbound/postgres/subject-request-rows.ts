import type {
  Regulation,
  SubjectRequestStatus,
  SubjectRequestType,
} from '../../domain/privacy/subject-request.ts'
import type {
  HeldRequest,
  RequestLink,
  RequestStep,
} from '../../domain/profiles/subject-request-store.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Queryable } from './database.ts'
import { writeOutbox } from './outbox.ts'

/** The person is the one that they were merged into since. */
export const SELECT = `SELECT r.id, r.version, r.client_id, r.client_request_id, r.type, r.status, r.regulation,
    r.submitted_at, r.received_at, r.due_at, r.extension, r.settled_at, r.identities, r.callbacks, coalesce(s.root_id, p.subject_id) AS subject_id
  FROM subject_request r LEFT JOIN subject_request_person p ON p.request_id = r.id
    LEFT JOIN subject s ON s.id = p.subject_id`
export const OPEN = `r.status IN ('pending', 'in_progress')`

/** The one that is there already: by the client's own id, or of the same person and type. */
export async function sameAs(
  tx: Queryable,
  { clientId, clientRequestId, subject, type }: HeldRequest,
): Promise<HeldRequest | null> {
  const [row] =
    clientRequestId === null
      ? await tx.query<RequestRow>(
          `${SELECT} WHERE s.root_id = (SELECT root_id FROM subject WHERE id = $1::uuid) AND r.type = $2
           AND r.client_request_id IS NULL AND ${OPEN} ORDER BY r.received_at LIMIT 1`,
          [subject, type],
          'subject-request-same',
        )
      : await tx.query<RequestRow>(
          `${SELECT} WHERE r.client_id = $1 AND r.client_request_id = $2::uuid`,
          [clientId, clientRequestId],
          'subject-request-of-client',
        )
  return row ? requestOf(row) : null
}

/** A line that was not there. */
export async function insertRequest(tx: Queryable, request: HeldRequest): Promise<void> {
  await tx.query(
    `INSERT INTO subject_request (id, version, client_id, client_request_id, type, status, regulation, submitted_at,
       received_at, changed_at, due_at, extension, settled_at, identities, callbacks)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9::timestamptz, $9::timestamptz, $10::timestamptz, $11,
       $12::timestamptz, $13, $14)`,
    [
      request.id,
      request.version,
      request.clientId,
      request.clientRequestId,
      request.type,
      request.status,
      request.regulation,
      isoInstant(request.submittedAt),
      isoInstant(request.receivedAt),
      isoInstant(request.dueAt),
      request.extension,
      stored(request.settledAt),
      request.identities,
      request.callbacks,
    ],
    'subject-request-open',
  )
}

export async function saveParts(tx: Queryable, step: RequestStep): Promise<void> {
  const { request, messages = [], link, package: made } = step
  if (request.subject !== null)
    await tx.query(
      `INSERT INTO subject_request_person (request_id, subject_id)
       SELECT $1::uuid, id FROM subject WHERE id = $2::uuid ON CONFLICT (request_id) DO NOTHING`,
      [request.id, request.subject],
      'subject-request-person',
    )
  await writeOutbox(tx, messages)
  if (link) await saveLink(tx, link)
  if (made)
    await tx.query(
      `INSERT INTO subject_package (request_id, subject_id, sealed, expires_at)
       VALUES ($1, $2, $3, $4::timestamptz)
       ON CONFLICT (request_id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at`,
      [made.requestId, made.subject, made.sealed, isoInstant(made.expiresAt)],
      'subject-package-save',
    )
}

export async function saveLink(
  tx: Queryable,
  { hash, requestId, kind, expiresAt }: RequestLink,
): Promise<void> {
  await tx.query(
    'DELETE FROM subject_request_link WHERE request_id = $1::uuid AND kind = $2',
    [requestId, kind],
    'subject-request-unlink',
  )
  await tx.query(
    `INSERT INTO subject_request_link (hash, request_id, kind, expires_at) VALUES ($1, $2, $3, $4::timestamptz)`,
    [hash, requestId, kind, isoInstant(expiresAt)],
    'subject-request-link',
  )
}

export interface RequestRow {
  id: string
  version: number
  client_id: string
  client_request_id: string | null
  type: SubjectRequestType
  status: SubjectRequestStatus
  regulation: Regulation
  submitted_at: Date
  received_at: Date
  due_at: Date
  extension: string | null
  settled_at: Date | null
  identities: Buffer | null
  callbacks: Buffer | null
  subject_id: string | null
}

export function requestOf(row: RequestRow): HeldRequest {
  return {
    id: row.id,
    version: row.version,
    clientId: row.client_id,
    clientRequestId: row.client_request_id,
    type: row.type,
    status: row.status,
    regulation: row.regulation,
    submittedAt: row.submitted_at.getTime(),
    receivedAt: row.received_at.getTime(),
    dueAt: row.due_at.getTime(),
    extension: row.extension,
    settledAt: row.settled_at?.getTime() ?? null,
    identities: row.identities,
    callbacks: row.callbacks,
    subject: row.subject_id,
  }
}

export function stored(instant: Instant | null): string | null {
  return instant === null ? null : isoInstant(instant)
}
