import { createHash } from 'node:crypto'
import type { CountRule } from '../../domain/privacy/count-rules.ts'
import type { ProfileStore } from '../../domain/profiles/profile-store.ts'
import { parseRule } from '../../domain/segments/parse-rule.ts'
import type { Segment, SegmentRule } from '../../domain/segments/rule.ts'
import { categoriesOf } from '../../domain/segments/rule-categories.ts'
import type { SegmentStore } from '../../domain/segments/segment-store.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { Audiences } from '../scope/audiences.ts'
import { assertAnybody } from '../scope/named-person.ts'
import type { Scope } from '../scope/scope.ts'
import type { CountDesk } from './count-desk.ts'
import { couldBeOpen, mayKnowSegment } from './known-segments.ts'
import { NoisedCounts } from './noised-counts.ts'
import { isOpen } from './open-segments.ts'
import type { Plan } from './plan.ts'
import type { BudgetView, PeopleCountView, SegmentsCountView } from './views.ts'

/** Of so many segments all pairs are counted at once. */
const MOST_SEGMENTS = 6

type Rule = Pick<Segment, 'rule' | 'categories'>

/**
 * How many people there are of a kind: among those whose consent covers the purpose and every input of the rule, in the
 * form that policy/counts.csv gives the role. With noise only for callers who can't list the same people: whoever can
 * list them could count them.
 */
export class CountDoor {
  readonly #scope: Scope
  readonly #plan: Plan
  readonly #store: ProfileStore
  readonly #segments: SegmentStore
  readonly #desk: CountDesk
  readonly #noised: NoisedCounts

  constructor(
    scope: Scope,
    plan: Plan,
    ports: { store: ProfileStore; segments: SegmentStore; audiences: Audiences; desk: CountDesk },
  ) {
    this.#scope = scope
    this.#plan = plan
    this.#store = ports.store
    this.#segments = ports.segments
    this.#desk = ports.desk
    this.#noised = new NoisedCounts(scope, plan, ports)
  }

  /** Members of a segment; null where this caller is not told of sizes, or not of this one. */
  async sizeOf(key: string): Promise<PeopleCountView | null> {
    assertAnybody(this.#scope.principal)
    const rule = this.#rule()
    const segment = await this.#known(key)
    if (!rule || !segment) return null
    this.#needsPurpose()
    if (!couldBeOpen(this.#plan, segment)) return null
    this.#scope.noteAction({ counted: key })
    const { noise } = rule
    if (noise === null || this.#plan.grant.listsRows) return await this.#rounded(rule, segment)
    return await this.#noised.count({ ...rule, noise }, segment.rule, async () => {
      await this.#store.refreshDue(this.#scope.now)
      return await this.#segments.count(key, await this.#permitted(segment), this.#scope.now)
    })
  }

  /** Whom a rule would find, before a segment is made of it. @throws Refusal FORBIDDEN, RuleError */
  async preview(json: unknown): Promise<PeopleCountView> {
    const rule = this.#freeRule()
    const { policy, grant } = this.#plan
    if (grant.segments !== null)
      throw new Refusal('FORBIDDEN', 'This token is limited to segments that exist.')
    const parsed = parseRule(json, policy)
    const of = { rule: parsed, categories: categoriesOf(parsed, policy) }
    if (!couldBeOpen(this.#plan, of))
      throw new Refusal('FORBIDDEN', 'The rule reads what you may not be told of.')
    this.#scope.noteAction({ counted: 'preview' })
    return await this.#rounded(rule, of)
  }

  /** Members that each two of these segments have in common. @throws Refusal */
  async overlap(keys: readonly string[]): Promise<readonly SegmentsCountView[]> {
    const pairs = keys.flatMap((one, at) => keys.slice(at + 1).map((other) => [one, other]))
    return await this.#together(keys, pairs)
  }

  /** Members of the first segment, of the first two, of the first three, and so on. @throws Refusal */
  async funnel(keys: readonly string[]): Promise<readonly SegmentsCountView[]> {
    return await this.#together(
      keys,
      keys.map((_, at) => keys.slice(0, at + 1)),
    )
  }

  /** What this caller has left to spend on counts; empty where its counts are not paid for. */
  async budgets(): Promise<readonly BudgetView[]> {
    const noise = this.#rule()?.noise ?? null
    if (noise === null || this.#plan.grant.listsRows) return []
    return await this.#noised.budgets(noise)
  }

  async #together(
    keys: readonly string[],
    sets: readonly (readonly string[])[],
  ): Promise<readonly SegmentsCountView[]> {
    const rule = this.#freeRule()
    if (keys.length < 2 || keys.length > MOST_SEGMENTS || new Set(keys).size < keys.length)
      throw new Refusal('BAD_USER_INPUT', `keys: 2 to ${MOST_SEGMENTS} different segments`)
    const segments = new Map<string, Segment>()
    for (const key of keys) {
      const segment = await this.#known(key)
      if (!segment || !couldBeOpen(this.#plan, segment))
        throw new Refusal('NOT_FOUND', 'There is no such segment.')
      segments.set(key, segment)
    }
    this.#scope.noteAction({ counted: keys.join('+') })
    const counts: SegmentsCountView[] = []
    // One after the other: each is compared with those before it.
    for (const set of sets) {
      const members = set.flatMap((key) => segments.get(key) ?? [])
      const [only] = members
      const of =
        members.length === 1 && only
          ? only
          : {
              rule: { all: members.map((one) => one.rule) },
              categories: [...new Set(members.flatMap(({ categories }) => categories))],
            }
      counts.push({ keys: set, count: await this.#rounded(rule, of) })
    }
    return counts
  }

  async #rounded(rule: CountRule, of: Rule): Promise<PeopleCountView> {
    const { now, principal } = this.#scope
    await this.#store.refreshDue(now)
    const { count, asOf } = await this.#desk.parts.sets.count({
      clientId: principal.client.id,
      day: isoInstant(now).slice(0, 10),
      digest: digestOf(of.rule, this.#plan.grant.purpose?.key ?? ''),
      rule: of.rule,
      permittedStates: await this.#permitted(of),
      now,
      fewest: rule.fewest,
      perDay: rule.setsPerDay,
    })
    const suppressed = count < rule.fewest
    return {
      value: suppressed ? null : Math.round(count / rule.roundedTo) * rule.roundedTo,
      suppressed,
      treatment: 'GENERALISED',
      roundedTo: rule.roundedTo,
      epsilon: null,
      rho: null,
      budgetLeft: null,
      asOf,
    }
  }

  /** Consent states under which every input of the rule may be told. */
  async #permitted(of: Rule): Promise<number[]> {
    const states = await this.#store.consentStates()
    return [...states]
      .filter(([, state]) => isOpen(this.#plan.decisionsFor(state), this.#plan, of))
      .map(([id]) => id)
  }

  async #known(key: string): Promise<Segment | null> {
    const segment = (await this.#segments.all()).get(key)
    return segment && mayKnowSegment(this.#plan, segment) ? segment : null
  }

  #rule(): CountRule | null {
    const { grant } = this.#plan
    return grant.actsForSubject ? null : this.#desk.ruleFor(grant.roles)
  }

  /** For questions that the caller words itself: never for those whose counts are noised. */
  #freeRule(): CountRule {
    assertAnybody(this.#scope.principal)
    const rule = this.#rule()
    this.#needsPurpose()
    if (!rule || rule.noise !== null || this.#plan.grant.isPartner)
      throw new Refusal('FORBIDDEN', 'This token may not do that.')
    return rule
  }

  #needsPurpose(): void {
    if (this.#plan.grant.purpose === null)
      throw new Refusal('PURPOSE_REQUIRED', 'Sizes speak of people: name a purpose.')
  }
}

function digestOf(rule: SegmentRule, purpose: string): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify([purpose, rule]))
    .digest()
}
