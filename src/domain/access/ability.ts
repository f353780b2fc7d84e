import { type AnyMongoAbility, createMongoAbility, type RawRuleOf, subject } from '@casl/ability'
import { NOBODY, type SubjectId } from '../../kernel/ids.ts'
import { type Category, coveredByAny } from '../privacy/categories.ts'
import { type Policy, roleTreatment } from '../privacy/policy.ts'
import { mostRevealing, type Treatment } from '../privacy/treatment.ts'
import type { Grant, RowPredicate } from './grant.ts'
import type { Principal } from './principal.ts'

const ACTION = 'disclose'
const SUBJECT = 'Profile'

/** What abilities look at of one profile: nothing that would have to be decrypted. */
export interface AbilityProfile {
  readonly subjectId: SubjectId
  readonly segments: readonly string[]
}

/**
 * The field set and row predicate of one grant, compiled to CASL once and asked often.
 * CASL's traps are closed here: denials come last, so order never matters; conditions are never empty or undefined;
 * only instances are asked about, never the type; a category with a star in it, which CASL would read as a pattern, is
 * refused.
 */
export class Abilities {
  readonly #ability: AnyMongoAbility

  constructor(treatments: CategoryTreatments, rows: RowPredicate) {
    const conditions = definite(conditionsOf(rows))
    for (const category of treatments.keys())
      if (category.includes('*')) throw new Error('a category is no pattern')
    const fields = (withheld: boolean) =>
      [...treatments]
        .filter(([, one]) => (one === 'WITHHELD') === withheld)
        .map(([category]) => category)
    const [allowed, denied] = [fields(false), fields(true)]
    const rules: RawRuleOf<AnyMongoAbility>[] = []
    if (allowed.length > 0) {
      rules.push({
        action: ACTION,
        subject: SUBJECT,
        fields: allowed,
        ...(conditions ? { conditions } : {}),
      })
    }
    if (denied.length > 0)
      rules.push({ action: ACTION, subject: SUBJECT, fields: denied, inverted: true })
    this.#ability = createMongoAbility(rules)
  }

  /** May this category of this very profile be considered? */
  allows(profile: AbilityProfile, category: Category): boolean {
    // CASL would take no field for any field.
    if (category === '') return false
    const instance = subject(SUBJECT, { ...profile, segments: [...profile.segments] })
    return this.#ability.can(ACTION, instance, category)
  }
}

/** The rows of a grant for one request. */
export function rowsOf(
  grant: Grant,
  { subject, subjects }: Pick<Principal, 'subject' | 'subjects'>,
): RowPredicate {
  return {
    // A front end that acts for nobody sees nobody.
    subjectId: grant.actsForSubject ? (subject ?? NOBODY) : null,
    segments: grant.segments,
    subjects,
  }
}

/** Whether a grant's rows are all that there are. */
export function isEverybody({ subjectId, segments, subjects }: RowPredicate): boolean {
  return subjectId === null && segments === null && subjects === null
}

function conditionsOf(rows: RowPredicate): Record<string, unknown> | null {
  if (isEverybody(rows)) return null
  const { subjectId, segments, subjects } = rows
  const whose = {
    ...(subjectId === null ? {} : { $eq: subjectId }),
    ...(subjects === null ? {} : { $in: [...subjects] }),
  }
  return {
    ...(Object.keys(whose).length === 0 ? {} : { subjectId: whose }),
    ...(segments === null ? {} : { segments: { $in: [...segments] } }),
  }
}

/**
 * CASL takes `{}` for every row, and an undefined value for all rows that lack the field: whoever means everybody says
 * null.
 * @throws Error where a condition says nothing.
 */
export function definite(conditions: Record<string, unknown> | null) {
  if (conditions === null) return null
  const values = Object.values(conditions).flatMap((value) =>
    isOperators(value) ? Object.values(value) : [value],
  )
  if (values.length === 0 || values.some((value) => value === undefined || value === null))
    throw new Error('a row condition without a value would let in the wrong people')
  return conditions
}

function isOperators(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** In which form a grant may see each category at all, before purpose and consent. */
export type CategoryTreatments = ReadonlyMap<Category, Treatment>

/** Over all categories that the policy knows, so that every one has an explicit answer. */
export function treatmentsOf(policy: Policy, grant: Grant): CategoryTreatments {
  const known = new Set<Category>([
    ...policy.categories.keys(),
    ...[...policy.roles.values()].flatMap((table) => [...table.keys()]),
    ...[...policy.traits.values()].map((trait) => trait.category),
  ])
  const table = new Map<Category, Treatment>()
  for (const category of known) {
    const byRole = grant.roles.map((role) => roleTreatment(policy, role, category))
    const treatment = byRole.reduce(mostRevealing, 'WITHHELD')
    const within = grant.categories === null || coveredByAny(grant.categories, category)
    table.set(category, within ? treatment : 'WITHHELD')
  }
  return table
}
