import type { Resolution } from '../../domain/profiles/resolution.ts'
import type { SubjectId } from '../../kernel/ids.ts'

/**
 * What one transaction changed of whom. Counting again is much less work than composing again, and is enough for homes of
 * which nothing but events came in; whoever is not known to be one of them is composed.
 */
export class ChangedHomes {
  readonly #counted = new Set<SubjectId>()
  readonly #recomposed = new Set<SubjectId>()
  #everybody = false

  countersOnly(home: SubjectId): boolean {
    return !this.#everybody && this.#counted.has(home) && !this.#recomposed.has(home)
  }

  counted(homes: Iterable<SubjectId>): void {
    for (const home of homes) this.#counted.add(home)
  }

  recomposed(homes: Iterable<SubjectId>): void {
    for (const home of homes) this.#recomposed.add(home)
  }

  /** Links between homes that were one person before change nothing; new homes, merges and confirmations may. */
  resolved(resolution: Resolution): void {
    const added = new Set(resolution.newSubjects.map(({ id }) => id))
    for (const { survivor, retired } of resolution.links.values())
      (added.has(survivor) || added.has(retired) ? this.#recomposed : this.#counted)
        .add(survivor)
        .add(retired)
    for (const { former, root } of resolution.retired()) this.recomposed([former, root])
    if (resolution.confirmed.size > 0) this.#everybody = true
  }
}
