import type { ClientStore } from '../../domain/access/principal.ts'
import { type IdentifierKind, isIdentifierKind } from '../../domain/profiles/identifier.ts'
import { normaliseIdentifier } from '../../domain/profiles/normalise.ts'
import type { PeopleByIdentifier } from '../../domain/profiles/people-by-identifier.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { AUDIT_AUDIENCE, type Audiences } from '../scope/audiences.ts'

/** What a value that somebody knows could be. */
export interface KnownValue {
  /** As it may have been hashed: as typed, and in the normal form of each kind of identifier. */
  readonly forms: readonly string[]
  /** People whose identifier it is. */
  readonly identified: readonly SubjectId[]
  /** People whom it could name as a pseudonym of some audience, whether they exist or not. */
  readonly pseudonymous: readonly SubjectId[]
}

const KINDS: readonly IdentifierKind[] = ['email', 'phone', 'userId', 'crmId']

/** Finds out whom a value could lead to, for compliance alone. */
export class KnownValues {
  readonly #people: PeopleByIdentifier
  readonly #clients: ClientStore
  readonly #audiences: Audiences

  constructor(people: PeopleByIdentifier, clients: ClientStore, audiences: Audiences) {
    this.#people = people
    this.#clients = clients
    this.#audiences = audiences
  }

  async about(value: string): Promise<KnownValue> {
    const audiences = new Set((await this.#clients.list()).map(({ audience }) => audience))
    const kinds = [...KINDS, ...[...audiences].map((audience) => `partner:${audience}`)]
    const forms = new Set([value])
    const identified = new Set<SubjectId>()
    for (const kind of kinds.filter(isIdentifierKind)) {
      const normal = normaliseIdentifier({ kind, value }, null)
      if ('problem' in normal) continue
      forms.add(normal.value.value)
      const subject = await this.#people.find(kind, normal.value.value)
      if (subject !== null) identified.add(subject)
    }
    const pseudonymous = [...audiences, AUDIT_AUDIENCE].flatMap(
      (audience) => this.#audiences.everOf(audience).open(value) ?? [],
    )
    return { forms: [...forms], identified: [...identified], pseudonymous }
  }
}
