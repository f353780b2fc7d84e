import { coveredByAny } from '../../domain/privacy/categories.ts'
import { type Policy, roleTreatment } from '../../domain/privacy/policy.ts'
import { describeRule } from '../../domain/segments/describe-rule.ts'
import { parseRule } from '../../domain/segments/parse-rule.ts'
import { isSegmentKey, type Segment } from '../../domain/segments/rule.ts'
import { categoriesOf } from '../../domain/segments/rule-categories.ts'
import type { SegmentStore } from '../../domain/segments/segment-store.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock, Instant } from '../../kernel/time.ts'
import { byClient } from '../scope/actor.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Scope } from '../scope/scope.ts'

/** A segment as its author words it. */
export interface SegmentDraft {
  readonly key: string
  readonly name: string
  readonly description: string
  /** Untrusted JSON: a tree of conditions. */
  readonly rule: unknown
}

/** A definition as it is shown: no member and no number of members stands in it. */
export interface DefinedSegment {
  readonly key: string
  readonly name: string
  readonly description: string
  /** In one line. */
  readonly rule: string
  readonly categories: readonly string[]
}

const MAX_NAME = 100
const MAX_DESCRIPTION = 1_000
const SEGMENT = 'user.derived.segment'

/**
 * Who belongs together: definitions of segments. When one is stored, everybody has been evaluated. Each change stands on
 * the audit trail before it holds.
 */
export class Segments {
  readonly #store: SegmentStore
  readonly #policy: Policy
  readonly #recorder: Recorder
  readonly #clock: Clock

  constructor(store: SegmentStore, policy: Policy, recorder: Recorder, clock: Clock) {
    this.#store = store
    this.#policy = policy
    this.#recorder = recorder
    this.#clock = clock
  }

  /**
   * Defines a segment, or replaces the one with this key.
   * @throws Refusal BAD_USER_INPUT naming the place in the rule; FORBIDDEN where the rule reads what the caller may not.
   */
  async define(scope: Scope, draft: SegmentDraft): Promise<DefinedSegment> {
    needsScope(scope)
    const segment = this.#read(draft, scope.now)
    this.#refuseHidden(scope, segment)
    await this.#recorder.recordAction(
      { action: 'segment.define', segment: segment.key },
      byClient(scope),
    )
    await this.#store.define(segment, scope.now)
    return shown(segment)
  }

  /** @returns whether there was one with this key. */
  async remove(scope: Scope, key: string): Promise<boolean> {
    needsScope(scope)
    if (!isSegmentKey(key)) return false
    await this.#recorder.recordAction({ action: 'segment.remove', segment: key }, byClient(scope))
    return await this.#store.remove(key)
  }

  /** Defines a segment for the operator of the installation, on the trail before it holds. */
  async defineAsOperator(draft: SegmentDraft): Promise<DefinedSegment> {
    const now = this.#clock.now()
    const segment = this.#read(draft, now)
    await this.#recorder.recordAction({ action: 'segment.define', segment: segment.key })
    await this.#store.define(segment, now)
    return shown(segment)
  }

  #read({ key, name, description, rule }: SegmentDraft, now: Instant): Segment {
    if (!isSegmentKey(key))
      throw new Refusal(
        'BAD_USER_INPUT',
        'key: lower-case letters, digits and hyphens, beginning with a letter, at most 63',
      )
    const parsed = parseRule(rule, this.#policy)
    return {
      key,
      name: plainText('name', name, 1, MAX_NAME),
      description: plainText('description', description, 0, MAX_DESCRIPTION),
      rule: parsed,
      categories: categoriesOf(parsed, this.#policy),
      createdAt: now,
      updatedAt: now,
    }
  }

  /** Whoever may see memberships could read a hidden field through a rule over it; who sees none may word any rule. */
  #refuseHidden({ grant, principal }: Scope, { categories }: Segment): void {
    const seers = principal.roles.filter((role) => this.#sees(role, SEGMENT))
    if (seers.length === 0) return
    const hidden = categories.filter(
      (category) =>
        !seers.some((role) => this.#sees(role, category)) ||
        (grant.categories !== null && !coveredByAny(grant.categories, category)),
    )
    if (hidden.length > 0)
      throw new Refusal('FORBIDDEN', `The rule reads what you may not: ${hidden.join(', ')}.`)
  }

  #sees(role: string, category: string): boolean {
    return roleTreatment(this.#policy, role, category) !== 'WITHHELD'
  }
}

function needsScope({ principal }: Scope): void {
  if (!principal.scopes.has('segments:write'))
    throw new Refusal('FORBIDDEN', 'This needs the scope segments:write.')
}

function shown({ key, name, description, rule, categories }: Segment): DefinedSegment {
  return { key, name, description, rule: describeRule(rule), categories }
}

function plainText(field: string, value: string, least: number, most: number): string {
  const text = value.trim()
  if (text.length < least || text.length > most || /\p{Cc}|\p{Surrogate}/u.test(text))
    throw new Refusal('BAD_USER_INPUT', `${field}: ${least} to ${most} characters, in one line`)
  return text
}
