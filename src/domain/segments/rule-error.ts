import { Refusal } from '../../kernel/refusal.ts'

/** An object of untrusted JSON. */
export type RawNode = Readonly<Record<string, unknown>>

/** A rule that can't be taken. The message says where in the tree, and what was expected there. */
export class RuleError extends Refusal {
  override readonly name = 'RuleError'
  /** Such as `rule.all[1].value`. */
  readonly place: string

  constructor(place: string, problem: string) {
    super('BAD_USER_INPUT', `${place}: ${problem}`)
    this.place = place
  }
}
