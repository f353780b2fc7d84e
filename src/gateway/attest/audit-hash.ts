import type { ClientStore } from '../../domain/access/principal.ts'
import { argumentHmac, argumentLookUp, canonicalValue } from '../../domain/audit/arguments.ts'
import type { AuditFilter, AuditLog, StoredAuditEntry } from '../../domain/audit/audit-log.ts'
import type { DayKeys } from '../../domain/audit/day-keys.ts'
import type { TrailSubjects } from '../../domain/audit/trail-subjects.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { DAY, isoInstant } from '../../kernel/time.ts'
import type { Scope } from '../scope/scope.ts'
import { shown, type TrailEntry, trailPageSize } from './audit-trail.ts'
import { assertOfficer } from './officer.ts'

/** Whom a value could lead to, and how it may have been hashed. */
export interface ValueKnowledge {
  about(value: string): Promise<{
    readonly forms: readonly string[]
    readonly identified: readonly SubjectId[]
    readonly pseudonymous: readonly SubjectId[]
  }>
}

/** Each search is a guess at what somebody asked: enough for an investigation, too few to try a list of people. */
const SEARCHES_A_DAY = 100
const LONGEST = 512

/**
 * Finds entries whose arguments held a known value, though the trail holds no value: the value is hashed again under
 * every key that it can have been hashed under. Those of days are gone after 30 days, those of a person with the person.
 */
export class AuditHash {
  readonly #ports: {
    readonly log: AuditLog
    readonly keys: KeyStore
    readonly dayKeys: DayKeys
    readonly subjects: TrailSubjects
    readonly clients: ClientStore
    readonly values: ValueKnowledge
  }

  constructor(ports: {
    log: AuditLog
    keys: KeyStore
    dayKeys: DayKeys
    subjects: TrailSubjects
    clients: ClientStore
    values: ValueKnowledge
  }) {
    this.#ports = ports
  }

  /**
   * Newest first. A pseudonym finds the entries that name its person.
   * @throws Refusal FORBIDDEN for all but compliance; BUDGET_EXHAUSTED after 100 searches of a client in a UTC day.
   */
  async entries(
    scope: Scope,
    value: string,
    page: { first: number; before: number | null },
  ): Promise<{ entries: TrailEntry[]; more: boolean }> {
    assertOfficer(scope)
    if (!scope.grant.roles.includes('compliance'))
      throw new Refusal('FORBIDDEN', 'Known values are searched by compliance alone.')
    const first = trailPageSize(page.first)
    if (canonicalValue(value) === '' || value.length > LONGEST)
      throw new Refusal('BAD_USER_INPUT', `"value" must have 1 to ${LONGEST} characters.`)
    await this.#spend(scope)
    const { forms, identified, pseudonymous } = await this.#ports.values.about(value)
    const hmacs = await this.#hmacs(forms, identified)
    const refs = await this.#refsOf(pseudonymous)
    const wanted = { limit: first + 1, before: page.before }
    const found = await this.#either(
      [
        ...(hmacs.length > 0 ? [{ argumentHmacs: hmacs }] : []),
        ...(refs.length > 0 ? [{ subjectRefs: refs }] : []),
      ],
      wanted,
    )
    scope.noteAction({ action: 'audit.hash', found: Math.min(found.length, first) })
    return { entries: found.slice(0, first).map(shown), more: found.length > first }
  }

  async #spend({ principal, now }: Scope): Promise<void> {
    const day = isoInstant(now).slice(0, 10)
    const used = await this.#ports.clients.countUse(principal.client.id, 'audit-hash', day)
    if (used > SEARCHES_A_DAY)
      throw new Refusal(
        'BUDGET_EXHAUSTED',
        'The daily searches of this client are used up; they start again at midnight UTC.',
      )
  }

  async #hmacs(
    forms: readonly string[],
    identified: readonly SubjectId[],
  ): Promise<readonly Uint8Array[]> {
    const { dayKeys, keys } = this.#ports
    const values = forms.map(canonicalValue)
    const lookUps = (key: Uint8Array | null, days: readonly (string | null)[]) =>
      key === null
        ? []
        : values
            .map((one) => argumentHmac(key, one))
            .flatMap((hmac) => days.map((day) => argumentLookUp(hmac, day)))
    const ofDays = (await dayKeys.days()).map(async (day) =>
      // A request that began before midnight may have its entry after it, and an identifier may have led to nobody.
      lookUps(await dayKeys.find(day), [day, dayAfter(day), null]),
    )
    const ofPeople = (await this.#merged(identified)).map((id) =>
      lookUps(keys.argumentKeyOf(id), [null]),
    )
    return [...(await Promise.all(ofDays)), ...ofPeople].flat()
  }

  async #refsOf(pseudonymous: readonly SubjectId[]): Promise<readonly string[]> {
    const subjects = await this.#merged(pseudonymous)
    return subjects.flatMap((id) => this.#ports.keys.auditRefOf(id) ?? [])
  }

  /** All subjects of these people; arguments and references were keyed by what each was then. */
  async #merged(people: readonly SubjectId[]): Promise<readonly SubjectId[]> {
    const subjects = await Promise.all(people.map((id) => this.#ports.subjects.of(id)))
    return [...new Set(subjects.flat().flatMap(({ id, from }) => (from === null ? id : [])))]
  }

  async #either(
    filters: readonly AuditFilter[],
    page: { limit: number; before: number | null },
  ): Promise<readonly StoredAuditEntry[]> {
    const found = await Promise.all(filters.map((filter) => this.#ports.log.find(filter, page)))
    const byIndex = new Map(found.flat().map((entry) => [entry.index, entry]))
    return [...byIndex.values()].sort((a, b) => b.index - a.index).slice(0, page.limit)
  }
}

function dayAfter(day: string): string {
  return isoInstant(Date.parse(day) + DAY).slice(0, 10)
}
