import { Abilities, type CategoryTreatments, rowsOf } from '../../domain/access/ability.ts'
import type { Grant, RowPredicate } from '../../domain/access/grant.ts'
import type { Principal } from '../../domain/access/principal.ts'
import type { AuditEntry, AuditSubject } from '../../domain/audit/entry.ts'
import type { Treatment } from '../../domain/privacy/treatment.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'

/** The fields of one distinct treatment set, as they go into the entry. */
export type FieldTreatments = readonly { readonly path: string; readonly treatment: Treatment }[]

/** A withheld field as the caller is told of it. */
export interface WithheldField {
  /** Path of the response without list positions: `profiles.contact.email`. */
  readonly path: string
  readonly reason: string
}

/**
 * The hall: who asks, why, at which instant, and what this one request has disclosed so far. Sealed once the entry is
 * made; what is disclosed after that would be unrecorded, so it is refused.
 */
export class Scope {
  readonly requestId: string
  readonly principal: Principal
  readonly grant: Grant
  readonly now: Instant
  readonly rows: RowPredicate
  /** Somebody was named whom the caller is told nothing of: there or not. */
  missed = false
  /** Signals that the request carried and that are on record for its person. */
  readonly honoured: string[] = []
  /** Pseudonyms among the arguments whose person has been disclosed. */
  readonly named = new Set<string>()
  /** Identifiers among the arguments, as they were typed: in normal form, and the person whom they led to. */
  readonly identifiers = new Map<
    string,
    { readonly value: string; readonly subject: SubjectId | null }
  >()
  readonly #treatments: CategoryTreatments
  #abilities: Abilities | null = null
  readonly #sets = new Map<FieldTreatments, number>()
  readonly #subjects: AuditSubject[] = []
  readonly #seen = new Set<string>()
  readonly #withheld = new Map<string, { reason: string; of: Set<string> }>()
  readonly #actions: Record<string, string | number> = {}
  #sealed = false

  constructor(
    requestId: string,
    principal: Principal,
    grant: Grant,
    treatments: CategoryTreatments,
    now: Instant,
  ) {
    this.requestId = requestId
    this.principal = principal
    this.grant = grant
    this.now = now
    this.rows = rowsOf(grant, principal)
    this.#treatments = treatments
  }

  /** Made when first asked for: most callers have no row conditions. */
  get abilities(): Abilities {
    this.#abilities ??= new Abilities(this.#treatments, this.rows)
    return this.#abilities
  }

  /** How many disclosures about people have been noted. */
  get people(): number {
    return this.#subjects.length
  }

  /** Notes that a person's fields are about to be shown, in these treatments. The same pair is noted once. */
  noteSubject(ref: string, fields: FieldTreatments, consent: AuditSubject['consent']): void {
    if (this.#sealed)
      throw new Error('the entry of this request is written: nothing more may be disclosed')
    let set = this.#sets.get(fields)
    if (set === undefined) {
      set = this.#sets.size
      this.#sets.set(fields, set)
    }
    const key = `${ref} ${set}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.#subjects.push({ ref, set, consent })
  }

  /** Notes what is withheld from this caller, by policy and consent state alone. `of`: the pseudonym it concerns. */
  noteWithheld(fields: readonly WithheldField[], of: string): void {
    for (const { path, reason } of fields) {
      const key = `${path} ${reason}`
      const entry = this.#withheld.get(key)
      if (entry) entry.of.add(of)
      else this.#withheld.set(key, { reason, of: new Set([of]) })
    }
  }

  /** Notes a change of data that the operation made, in Bauta's own words. Of several, numbers add up and words are listed. */
  noteAction(action: Readonly<Record<string, string | number>>): void {
    for (const [key, value] of Object.entries(action)) {
      const before = this.#actions[key]
      this.#actions[key] = before === undefined ? value : together(before, value)
    }
  }

  /** The list that stands in `extensions.privacy.withheld`, ordered by path and reason. */
  withheld(): { path: string; reason: string; of: string[] }[] {
    return [...this.#withheld]
      .map(([key, { reason, of }]) => ({
        path: key.slice(0, key.length - reason.length - 1),
        reason,
        of: [...of].sort(),
      }))
      .sort((a, b) => (a.path === b.path ? compare(a.reason, b.reason) : compare(a.path, b.path)))
  }

  /** Closes the hall: what the entry needs to know of this request. */
  seal(): Pick<AuditEntry, 'sets' | 'subjects' | 'action'> {
    this.#sealed = true
    const sets = [...this.#sets.keys()].map((fields) => ({ fields }))
    const action = Object.keys(this.#actions).length > 0 ? { action: this.#actions } : {}
    return { sets, subjects: this.#subjects, ...action }
  }
}

function together(one: string | number, other: string | number): string | number {
  if (typeof one === 'number' && typeof other === 'number') return one + other
  return [...new Set(`${one} ${other}`.split(' '))].join(' ')
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
