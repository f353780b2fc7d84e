import { grantOf } from '../../domain/access/grant.ts'
import { barrierOf, type KnownCaller, purposeOf } from '../../domain/access/known-caller.ts'
import type { Category } from '../../domain/privacy/categories.ts'
import {
  type ConsentStateName,
  type ConsentVector,
  standingKey,
  vectorText,
} from '../../domain/privacy/consent-vector.ts'
import { mechanismFor } from '../../domain/privacy/decide.ts'
import type { LegalBasis, Mechanism, Policy, Purpose } from '../../domain/privacy/policy.ts'
import { type Decision, type Treatment, withheld } from '../../domain/privacy/treatment.ts'
import { decidingRules } from './deciding-rules.ts'
import { derivedFields, fieldRules } from './fields.ts'
import { compilePlan, type Plan } from './plan.ts'
import type { Selection } from './plan-rules.ts'

/** One way in which people can stand to a purpose. */
export interface ExplainedSituation {
  /** `ConsentGiven`, `ConsentUnknown where opt_out`, `signal gpc`, `Objected`, `Restricted`. */
  readonly name: string
  /** Canonical consent state of somebody in it. */
  readonly state: string
}

/** What a caller sees of one data category, and why. */
export interface ExplainedCategory {
  readonly category: Category
  /** In which form at most, whatever people decide. */
  readonly form: Treatment
  /** The row that decides about that: `roles.csv: user.name, column partner`. */
  readonly rule: string
  /** One decision per situation, in their order. */
  readonly seen: readonly Decision[]
  /** Fields of the schema in this category, and how each is seen by a caller whom consent stands for. */
  readonly fields: readonly { readonly field: string; readonly decision: Decision }[]
}

/** The decision table of one caller and purpose: what the gateway answers, worked out by the code that answers. */
export interface Explanation {
  readonly policyVersion: string
  readonly caller: {
    readonly name: string
    readonly title: string
    readonly roles: readonly string[]
    readonly audience: string
    readonly scopes: readonly string[]
    readonly categories: readonly string[] | null
    readonly segments: readonly string[] | null
  }
  readonly purpose: {
    readonly key: string
    /** What keeps the caller from declaring it, and so from seeing anything for it; null: nothing. */
    readonly barrier: string | null
    readonly dpv: string
    readonly inWords: string
    readonly legalBasis: LegalBasis
    /** Consent has to name the recipient, who is the caller's audience. */
    readonly namesRecipient: boolean
    readonly signals: readonly string[]
    readonly mechanisms: readonly {
      readonly mechanism: Mechanism
      /** Columns of purposes.csv; `elsewhere`: countries without a row. */
      readonly jurisdictions: readonly string[]
    }[]
  }
  readonly situations: readonly ExplainedSituation[]
  readonly categories: readonly ExplainedCategory[]
}

/** @throws Refusal BAD_USER_INPUT where there is no such purpose. */
export function explain(policy: Policy, caller: KnownCaller, purposeKey: string): Explanation {
  const purpose = purposeOf(policy, purposeKey)
  const barrier = barrierOf(caller, purpose)
  const plan = planOf(policy, caller, purpose, [
    ...fieldRules.keys(),
    ...Object.keys(derivedFields),
  ])
  const { grant } = plan
  const mechanisms = mechanismsOf(policy, purpose)
  const situations =
    barrier === null
      ? situationsOf(purpose, mechanisms, grant.audience)
      : [{ name: 'whatever was decided', state: '' }]
  return {
    policyVersion: policy.version,
    caller: {
      name: caller.name,
      title: caller.title,
      roles: barrier === null ? grant.roles : caller.roles,
      audience: grant.audience,
      scopes: [...grant.scopes],
      categories: grant.categories,
      segments: grant.segments,
    },
    purpose: {
      key: purpose.key,
      barrier,
      dpv: purpose.dpv,
      inWords: purpose.inWords,
      legalBasis: purpose.legalBasis,
      namesRecipient: purpose.namesRecipient,
      signals: [...purpose.signals],
      mechanisms: mechanisms.map(({ mechanism, jurisdictions }) => ({ mechanism, jurisdictions })),
    },
    situations,
    categories: [...plan.treatments.keys()].map((category) =>
      barrier === null ? seenOf(plan, category, situations) : unseen(category, barrier),
    ),
  }
}

function seenOf(
  plan: Plan,
  category: Category,
  situations: readonly ExplainedSituation[],
): ExplainedCategory {
  const decisions = situations.map(({ state }) => plan.decisionsFor(state))
  const [best] = decisions
  return {
    category,
    form: plan.treatments.get(category) ?? 'WITHHELD',
    rule: decidingRules(plan, category).join('; '),
    seen: decisions.map((one) => one.decide(category)),
    fields: coordinatesIn(category).flatMap((field) =>
      best ? [{ field, decision: best.decideField(field) }] : [],
    ),
  }
}

function unseen(category: Category, rule: string): ExplainedCategory {
  const decision = withheld('PURPOSE')
  const fields = coordinatesIn(category).map((field) => ({ field, decision }))
  return { category, form: 'WITHHELD', rule, seen: [decision], fields }
}

/** A plan for a caller who asks for these fields, as Reception would compile it. */
export function planOf(
  policy: Policy,
  caller: Pick<KnownCaller, 'roles' | 'scopes' | 'client'>,
  purpose: Purpose,
  coordinates: readonly string[],
): Plan {
  const selection: Selection = {
    operation: 'query',
    operationName: null,
    documentId: '',
    personal: coordinates.map((coordinate) => ({ coordinate, path: coordinate })),
    scopes: [],
    rootFields: [],
  }
  return compilePlan(selection, grantOf(caller, purpose), policy)
}

/** Fields that fall under exactly this category. */
function coordinatesIn(category: Category): readonly string[] {
  const own = [...fieldRules].flatMap(([field, rule]) =>
    rule.category === category ? [field] : [],
  )
  const derived = Object.entries(derivedFields).flatMap(([field, of]) =>
    of === category ? [field] : [],
  )
  return [...own, ...derived]
}

interface MechanismOf {
  readonly mechanism: Mechanism
  readonly jurisdictions: readonly string[]
  /** A country of one of them; null: elsewhere. */
  readonly country: string | null
}

function mechanismsOf(policy: Policy, purpose: Purpose): readonly MechanismOf[] {
  const found = new Map<Mechanism, { jurisdictions: string[]; country: string | null }>()
  const countries = new Map<string, string | null>()
  for (const [country, column] of policy.jurisdictions)
    if (!countries.has(column)) countries.set(column, country)
  countries.set('elsewhere', null)
  for (const [column, country] of countries) {
    const mechanism = mechanismFor(policy, purpose, country)
    const known = found.get(mechanism)
    if (known) known.jurisdictions.push(column)
    else found.set(mechanism, { jurisdictions: [column], country })
  }
  return [...found].map(([mechanism, rest]) => ({ mechanism, ...rest }))
}

const DECIDED: readonly ConsentStateName[] = [
  'ConsentGiven',
  'ConsentRefused',
  'ConsentWithdrawn',
  'ConsentExpired',
]
const UNDECIDED: readonly ConsentStateName[] = ['ConsentUnknown', 'NoticeGiven']

/** The first one is the most favourable: consent is given, and nothing stands against it. */
function situationsOf(
  purpose: Purpose,
  mechanisms: readonly MechanismOf[],
  audience: string,
): readonly ExplainedSituation[] {
  const key = standingKey(purpose.key, purpose.namesRecipient ? audience : null)
  const named = (name: string, change: Partial<ConsentVector> = {}) => {
    const given = standing(key, 'ConsentGiven')
    return { name, state: vectorText({ ...NOBODY_DECIDED, ...given, ...change }) }
  }
  const against = [
    ...[...purpose.signals].map((signal) =>
      named(`signal ${signal}`, { signals: new Set([signal]) }),
    ),
    named('Objected', { objected: new Set([purpose.key]) }),
    named('Restricted', { restricted: true }),
  ]
  if (purpose.legalBasis !== 'consent') return [named('whatever was decided'), ...against]
  const narrower = standing(key, 'ConsentGiven', [])
  return [
    ...DECIDED.map((state) => named(state, standing(key, state))),
    named('ConsentGiven for other data', narrower),
    ...UNDECIDED.flatMap((state) =>
      mechanisms.map(({ mechanism, country }) =>
        named(`${state} where ${mechanism}`, { ...standing(key, state), country }),
      ),
    ),
    ...against,
  ]
}

const NOBODY_DECIDED: ConsentVector = {
  country: null,
  restricted: false,
  objected: new Set(),
  signals: new Set(),
  standings: new Map(),
}

function standing(
  key: string,
  state: ConsentStateName,
  categories: readonly Category[] | null = null,
): Pick<ConsentVector, 'standings'> {
  return { standings: new Map([[key, { state, categories }]]) }
}
