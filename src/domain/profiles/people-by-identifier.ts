import type { SubjectId } from '../../kernel/ids.ts'
import { blindIndex } from '../privacy/blind-index.ts'
import { type IdentifierKind, isIdentifierKind } from './identifier.ts'
import { normaliseIdentifier } from './normalise.ts'
import type { ProfileStore } from './profile-store.ts'

/** Finds people by identifiers that a trusted source has verified; what only a public write key said is never found. */
export class PeopleByIdentifier {
  readonly #store: Pick<ProfileStore, 'findByIdentifier'>
  readonly #key: Uint8Array

  /** @param key of the blind index. */
  constructor(store: Pick<ProfileStore, 'findByIdentifier'>, key: Uint8Array) {
    this.#store = store
    this.#key = key
  }

  /** The person, or null: unknown, or not a well-formed identifier of that kind. */
  async byVerifiedIdentifier(kind: string, value: string): Promise<SubjectId | null> {
    if (!isIdentifierKind(kind)) return null
    const normalised = normaliseIdentifier({ kind, value }, null)
    return 'problem' in normalised ? null : await this.find(kind, normalised.value.value)
  }

  /** @param value in normal form. */
  async find(kind: IdentifierKind, value: string): Promise<SubjectId | null> {
    return await this.#store.findByIdentifier(kind, blindIndex(this.#key, kind, value))
  }
}
