import type { Pseudonyms } from '../../domain/privacy/pseudonym.ts'
import type { SubjectId } from '../../kernel/ids.ts'

/**
 * The pseudonyms of one request. What a caller has named is not computed a second time: a pseudonym and its subject
 * belong to each other alone.
 */
export class OpenedPseudonyms {
  readonly #pseudonyms: Pseudonyms
  readonly #opened = new Map<SubjectId, string>()

  constructor(pseudonyms: Pseudonyms) {
    this.#pseudonyms = pseudonyms
  }

  /** As Pseudonyms.open. */
  open(pseudonym: string): SubjectId | null {
    const subject = this.#pseudonyms.openOwn(pseudonym)
    // One of an older epoch is accepted, and never given back.
    if (subject === null) return this.#pseudonyms.open(pseudonym)
    this.#opened.set(subject, pseudonym)
    return subject
  }

  /** As Pseudonyms.of. */
  of(subject: SubjectId): string {
    return this.#opened.get(subject) ?? this.#pseudonyms.of(subject)
  }
}
