import type { AuditFilter, AuditLog, StoredAuditEntry } from '../../domain/audit/audit-log.ts'
import type { AuditEntry, AuditOutcome } from '../../domain/audit/entry.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Pseudonyms } from '../../domain/privacy/pseudonym.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Scope } from '../scope/scope.ts'

/** What compliance may look for in the trail. */
export interface TrailFilter {
  readonly from?: Instant | null
  readonly to?: Instant | null
  readonly actor?: string | null
  readonly audience?: string | null
  readonly purpose?: string | null
  readonly outcome?: AuditOutcome | null
  /** Pseudonym of a person in the caller's own audience. */
  readonly subject?: string | null
  /** Path of a field that was disclosed in any form. */
  readonly field?: string | null
  readonly requestId?: string | null
}

/** An entry as it is shown: its number in the log, the entry, and the hash of its exact bytes. */
export interface TrailEntry {
  readonly index: number
  /** RFC 6962 leaf hash, hex. */
  readonly leafHash: string
  readonly entry: AuditEntry
}

const MOST_ENTRIES = 200

/** Reading the trail: for compliance only, and itself an entry. */
export class AuditTrail {
  readonly #log: AuditLog
  readonly #keys: KeyStore

  constructor(log: AuditLog, keys: KeyStore) {
    this.#log = log
    this.#keys = keys
  }

  /**
   * Newest first.
   * @param before number of the entry to continue after.
   * @throws Refusal FORBIDDEN without the scope audit:read; BAD_USER_INPUT for a page too large.
   */
  async entries(
    scope: Scope,
    pseudonyms: Pseudonyms,
    filter: TrailFilter,
    page: { first: number; before: number | null },
  ): Promise<{ entries: TrailEntry[]; more: boolean }> {
    if (!scope.grant.scopes.has('audit:read'))
      throw new Refusal('FORBIDDEN', 'This token lacks the scope audit:read.')
    if (!Number.isInteger(page.first) || page.first < 0 || page.first > MOST_ENTRIES) {
      throw new Refusal(
        'BAD_USER_INPUT',
        `"first" must be a whole number from 0 to ${MOST_ENTRIES}.`,
      )
    }
    const settled = this.#filterOf(filter, pseudonyms)
    if (settled === null) return { entries: [], more: false }
    const found = await this.#log.find(settled, { limit: page.first + 1, before: page.before })
    return { entries: found.slice(0, page.first).map(shown), more: found.length > page.first }
  }

  /** Null where it names a person of whom the trail holds nothing that could still be linked. */
  #filterOf(filter: TrailFilter, pseudonyms: Pseudonyms): AuditFilter | null {
    const { from, to, actor, audience, purpose, outcome, subject, field, requestId } = filter
    let subjectRefs: string[] | null = null
    if (subject) {
      const id = pseudonyms.open(subject)
      const ref = id && this.#keys.auditRefOf(id)
      if (ref === null) return null
      subjectRefs = [ref]
    }
    return {
      ...(from ? { from } : {}),
      ...(to ? { to } : {}),
      ...(actor ? { clientId: actor } : {}),
      ...(audience ? { audience } : {}),
      ...(purpose ? { purpose } : {}),
      ...(outcome ? { outcome } : {}),
      ...(subjectRefs ? { subjectRefs } : {}),
      ...(field ? { field } : {}),
      ...(requestId ? { requestId } : {}),
    }
  }
}

function shown({ index, leafHash, entry }: StoredAuditEntry): TrailEntry {
  return { index, leafHash: Buffer.from(leafHash).toString('hex'), entry }
}
