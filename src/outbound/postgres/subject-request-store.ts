import type { SealedMessage } from '../../domain/delivery/outbox.ts'
import type { SubjectRequestType } from '../../domain/privacy/subject-request.ts'
import type {
  HeldRequest,
  RequestLink,
  RequestStep,
  SealedPackage,
  SubjectRequestFilter,
  SubjectRequestStore,
} from '../../domain/profiles/subject-request-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Database } from './database.ts'
import {
  insertRequest,
  OPEN,
  type RequestRow,
  requestOf,
  SELECT,
  sameAs,
  saveLink,
  saveParts,
  stored,
} from './subject-request-rows.ts'

export class PostgresSubjectRequestStore implements SubjectRequestStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async open(request: HeldRequest, messages: readonly SealedMessage[]): Promise<HeldRequest> {
    return await this.#database.transaction(async (tx) => {
      const { clientId, clientRequestId, subject, type } = request
      const same =
        clientRequestId === null ? `${subject} ${type}` : `${clientId} ${clientRequestId}`
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `subject-request ${same}`,
      ])
      const known = await sameAs(tx, request)
      if (known) return known
      await insertRequest(tx, request)
      await saveParts(tx, { request, messages })
      const [row] = await tx.query<RequestRow>(
        `${SELECT} WHERE r.id = $1::uuid`,
        [request.id],
        'subject-request-find',
      )
      return row ? requestOf(row) : request
    })
  }

  async step(step: RequestStep): Promise<boolean> {
    const { id, version, status, dueAt, extension, settledAt, identities } = step.request
    return await this.#database.transaction(async (tx) => {
      const rows = await tx.query(
        `UPDATE subject_request SET version = version + 1, status = $3, due_at = $4::timestamptz, extension = $5,
           settled_at = $6::timestamptz, changed_at = now(),
           identities = CASE WHEN $6::timestamptz IS NULL THEN $7::bytea END,
           callbacks = CASE WHEN $6::timestamptz IS NULL THEN callbacks END
         WHERE id = $1::uuid AND version = $2 RETURNING id`,
        [id, version, status, isoInstant(dueAt), extension, stored(settledAt), identities],
        'subject-request-step',
      )
      if (rows.length === 0) return false
      await saveParts(tx, step)
      return true
    })
  }

  async find(id: string): Promise<HeldRequest | null> {
    return await this.#one(`${SELECT} WHERE r.id = $1::uuid`, [id], 'subject-request-find')
  }

  async findByClient(clientId: string, clientRequestId: string): Promise<HeldRequest | null> {
    return await this.#one(
      `${SELECT} WHERE r.client_id = $1 AND r.client_request_id = $2::uuid`,
      [clientId, clientRequestId],
      'subject-request-of-client',
    )
  }

  async isOf(id: string, subject: SubjectId): Promise<boolean> {
    const rows = await this.#database.query(
      `SELECT FROM subject_request_person p JOIN subject s ON s.id = p.subject_id
       WHERE p.request_id = $1::uuid AND s.root_id = (SELECT root_id FROM subject WHERE id = $2::uuid)`,
      [id, subject],
      'subject-request-is-of',
    )
    return rows.length > 0
  }

  async list(filter: SubjectRequestFilter): Promise<readonly HeldRequest[]> {
    return await this.#many(
      `${SELECT}
       WHERE ($1::text IS NULL OR r.status = $1)
         AND ($2::timestamptz IS NULL OR (${OPEN} AND r.due_at < $2))
         AND ($3::uuid IS NULL OR s.root_id = (SELECT root_id FROM subject WHERE id = $3))
         AND (NOT $4::boolean OR ${OPEN})
       ORDER BY r.received_at DESC, r.id LIMIT $5`,
      [
        filter.status,
        stored(filter.overdueAt),
        filter.subject,
        filter.isOpen ?? false,
        filter.limit,
      ],
      'subject-request-list',
    )
  }

  async unresolved(limit: number): Promise<readonly HeldRequest[]> {
    return await this.#many(
      `${SELECT} WHERE r.status = 'pending' AND r.identities IS NOT NULL ORDER BY r.received_at, r.id LIMIT $1`,
      [limit],
      'subject-request-unresolved',
    )
  }

  async stuck(before: Instant, limit: number): Promise<readonly HeldRequest[]> {
    return await this.#many(
      `${SELECT} WHERE r.status = 'in_progress' AND r.changed_at < $1::timestamptz ORDER BY r.received_at, r.id LIMIT $2`,
      [isoInstant(before), limit],
      'subject-request-stuck',
    )
  }

  async unconfirmed(before: Instant, limit: number): Promise<readonly HeldRequest[]> {
    return await this.#many(
      `${SELECT} WHERE r.status = 'pending' AND r.received_at < $1::timestamptz ORDER BY r.received_at, r.id LIMIT $2`,
      [isoInstant(before), limit],
      'subject-request-unconfirmed',
    )
  }

  async liveLinks(subject: SubjectId, now: Instant): Promise<number> {
    const [row] = await this.#database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM subject_request_link l
       JOIN subject_request_person p ON p.request_id = l.request_id JOIN subject s ON s.id = p.subject_id
       WHERE s.root_id = (SELECT root_id FROM subject WHERE id = $1::uuid) AND l.kind = 'confirm'
         AND l.used_at IS NULL AND l.expires_at > $2::timestamptz`,
      [subject, isoInstant(now)],
      'subject-request-live-links',
    )
    return row?.count ?? 0
  }

  async follow(
    hash: Uint8Array,
    kind: RequestLink['kind'],
    now: Instant,
  ): Promise<HeldRequest | null> {
    return await this.#one(
      `WITH followed AS (
         UPDATE subject_request_link SET used_at = coalesce(used_at, $3::timestamptz)
         WHERE hash = $1 AND kind = $2 AND expires_at > $3::timestamptz AND (used_at IS NULL OR kind = 'package')
         RETURNING request_id
       ) ${SELECT} WHERE r.id = (SELECT request_id FROM followed)`,
      [hash, kind, isoInstant(now)],
      'subject-request-follow',
    )
  }

  async relink(link: RequestLink): Promise<void> {
    await this.#database.transaction(async (tx) => await saveLink(tx, link))
  }

  async package(requestId: string, now: Instant): Promise<SealedPackage | null> {
    const [row] = await this.#database.query<PackageRow>(
      `SELECT request_id, subject_id, sealed, expires_at FROM subject_package
       WHERE request_id = $1::uuid AND expires_at > $2::timestamptz`,
      [requestId, isoInstant(now)],
      'subject-package',
    )
    if (!row) return null
    return {
      requestId: row.request_id,
      subject: row.subject_id,
      sealed: row.sealed,
      expiresAt: row.expires_at.getTime(),
    }
  }

  async answered(
    subject: SubjectId,
    type: SubjectRequestType,
    now: Instant,
  ): Promise<HeldRequest | null> {
    return await this.#one(
      `${SELECT} JOIN subject_package a ON a.request_id = r.id
       WHERE s.root_id = (SELECT root_id FROM subject WHERE id = $1::uuid) AND r.type = $2
         AND r.status = 'completed' AND a.expires_at > $3::timestamptz
       ORDER BY r.received_at DESC LIMIT 1`,
      [subject, type, isoInstant(now)],
      'subject-request-answered',
    )
  }

  async discardExpired(now: Instant): Promise<number> {
    const [row] = await this.#database.query<{ count: number }>(
      `WITH packages AS (DELETE FROM subject_package WHERE expires_at <= $1::timestamptz RETURNING 1),
         links AS (DELETE FROM subject_request_link WHERE expires_at <= $1::timestamptz RETURNING 1)
       SELECT ((SELECT count(*) FROM packages) + (SELECT count(*) FROM links))::int AS count`,
      [isoInstant(now)],
      'subject-package-discard',
    )
    return row?.count ?? 0
  }

  async count(now: Instant): Promise<{ readonly open: number; readonly overdue: number }> {
    const [row] = await this.#database.query<{ open: number; overdue: number }>(
      `SELECT count(*)::int AS open, (count(*) FILTER (WHERE due_at < $1::timestamptz))::int AS overdue
       FROM subject_request r WHERE ${OPEN}`,
      [isoInstant(now)],
      'subject-request-count',
    )
    return row ?? { open: 0, overdue: 0 }
  }

  async #one(text: string, values: readonly unknown[], name: string): Promise<HeldRequest | null> {
    return (await this.#many(text, values, name))[0] ?? null
  }

  async #many(text: string, values: readonly unknown[], name: string): Promise<HeldRequest[]> {
    return (await this.#database.query<RequestRow>(text, values, name)).map(requestOf)
  }
}

interface PackageRow {
  request_id: string
  subject_id: string
  sealed: Buffer
  expires_at: Date
}
