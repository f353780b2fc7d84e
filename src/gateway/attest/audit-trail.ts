import type { AuditFilter, AuditLog, StoredAuditEntry } from '../../domain/audit/audit-log.ts'
import type { AuditEntry, AuditOutcome } from '../../domain/audit/entry.ts'
import type { TrailSubjects } from '../../domain/audit/trail-subjects.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Pseudonyms } from '../../domain/privacy/pseudonym.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Scope } from '../scope/scope.ts'
import { assertOfficer } from './officer.ts'

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
  /** Name of what an administrative entry did. */
  readonly action?: string | null
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
  readonly #subjects: TrailSubjects

  constructor(log: AuditLog, keys: KeyStore, subjects: TrailSubjects) {
    this.#log = log
    this.#keys = keys
    this.#subjects = subjects
  }

  /**
   * Newest first.
   * @param page before: number of the entry to continue after.
   * @throws Refusal FORBIDDEN without the scope audit:read; BAD_USER_INPUT for a page too large.
   */
  async entries(
    scope: Scope,
    pseudonyms: Pseudonyms,
    filter: TrailFilter,
    page: { first: number; before: number | null },
  ): Promise<{ entries: TrailEntry[]; more: boolean }> {
    assertOfficer(scope)
    const first = trailPageSize(page.first)
    const settled = await this.#filterOf(filter, pseudonyms)
    if (settled === null) return { entries: [], more: false }
    const found = await this.#log.find(settled, { limit: first + 1, before: page.before })
    return { entries: found.slice(0, first).map(shown), more: found.length > first }
  }

  /** Null where it names a person of whom the trail holds nothing that could still be linked. */
  async #filterOf(filter: TrailFilter, pseudonyms: Pseudonyms): Promise<AuditFilter | null> {
    const { subject, actor, ...rest } = filter
    const subjectRefs = subject ? await this.#refsOf(pseudonyms.open(subject)) : null
    if (subjectRefs?.length === 0) return null
    const asked = { ...rest, clientId: actor, subjectRefs }
    return Object.fromEntries(Object.entries(asked).filter(([, value]) => value != null))
  }

  /** One for each subject that was merged into the person. */
  async #refsOf(person: string | null): Promise<readonly string[]> {
    const subjects = person === null ? [] : await this.#subjects.of(person)
    return subjects.flatMap(({ id, from }) =>
      from === null ? (this.#keys.auditRefOf(id) ?? []) : [],
    )
  }
}

/** @throws Refusal BAD_USER_INPUT */
export function trailPageSize(first: number): number {
  if (Number.isInteger(first) && first >= 0 && first <= MOST_ENTRIES) return first
  throw new Refusal('BAD_USER_INPUT', `"first" must be a whole number from 0 to ${MOST_ENTRIES}.`)
}

export function shown({ index, leafHash, entry }: StoredAuditEntry): TrailEntry {
  return { index, leafHash: Buffer.from(leafHash).toString('hex'), entry }
}
