import type { Policy } from '../../src/domain/privacy/policy.ts'
import type { Caller } from '../callers.ts'
import { type Forms, formsOf } from '../gateway/disclose/forms.ts'
import type { TableOracle } from '../gateway/disclose/table-oracle.ts'
import type { Situation } from '../situations.ts'
import { type Met, valueOfTrait } from '../small-world.ts'

/** What one way to a field has to show. */
export interface Expected {
  /** As `shownAs` reads it from an answer. */
  readonly value: unknown
  /** Whether the answer has to say that it is withheld. */
  readonly isWithheld: boolean
}

/** A person of the small world as the tables let a caller see them; nothing of it is asked of the gateway. */
export class ExpectedProfile {
  readonly #oracle: TableOracle
  readonly #policy: Policy
  readonly #caller: Caller
  readonly #situation: Situation
  readonly #met: Met
  readonly #plan: unknown

  /** @param plan what the person's plan is by now; that of the small world if it was not changed. */
  constructor(
    tables: { readonly oracle: TableOracle; readonly policy: Policy },
    of: { readonly caller: Caller; readonly situation: Situation; readonly met: Met },
    plan: unknown = valueOfTrait(tables.policy, 'plan'),
  ) {
    this.#oracle = tables.oracle
    this.#policy = tables.policy
    this.#caller = of.caller
    this.#situation = of.situation
    this.#met = of.met
    this.#plan = plan
  }

  treatment(category: string): string {
    return this.#oracle.treatment(this.#caller, this.#situation, category)
  }

  /** Whether the caller may know that there is such a person. */
  get isKnown(): boolean {
    return this.#caller.isPersonal || this.treatment('user.unique_id.pseudonym') !== 'WITHHELD'
  }

  /** @param path from the profile on; @param coordinate such as `Contact.email` */
  field(path: string, coordinate: string, category: string): Expected {
    const special = this.#special[path]
    if (special) return special()
    const forms = this.#forms()[coordinate]
    if (!forms) throw new Error(`nobody says how ${coordinate} looks`)
    return this.#inForm(this.treatment(category), forms)
  }

  readonly #special: Readonly<Record<string, () => Expected>> = {
    id: () => ({ value: 'an id', isWithheld: false }),
    timeline: () => ({ value: this.#eventNames(), isWithheld: false }),
    segments: () => this.#segments(),
    recommendations: () => this.#recommendations(),
    consents: () =>
      this.#inForm(this.treatment('user.consent'), { CLEAR: 'a list', GENERALISED: 'a list' }),
    trait: () => {
      const { value, isTold } = this.#trait('plan')
      return { value, isWithheld: !isTold }
    },
    traits: () => ({ value: this.#told().map(([key, value]) => [key, value]), isWithheld: false }),
    'trait.lineage': () => this.#lineage(this.#trait('plan').isTold ? 1 : 0),
    'traits.lineage': () => this.#lineage(this.#told().length),
  }

  #eventNames(): readonly string[] {
    const names: Readonly<Record<string, readonly string[]>> = {
      'user.behavior.activity': ['Product Viewed', 'Session Started'],
      'user.behavior.purchase_history': ['Order Completed'],
    }
    return Object.entries(names)
      .flatMap(([category, events]) => (this.treatment(category) === 'CLEAR' ? events : []))
      .sort()
  }

  /** Of the one segment that there is, whose rule reads the plan. */
  #segments(): Expected {
    if (this.treatment('user.derived.segment') !== 'CLEAR') return { value: null, isWithheld: true }
    const isTold = this.treatment('user.account.plan') === 'CLEAR'
    const isMember = this.#plan === MOVED
    return { value: isTold && isMember ? [MOVERS] : [], isWithheld: !isTold }
  }

  /** Where consent stands in the way, there is what is popular. */
  #recommendations(): Expected {
    const { role, purpose } = this.#caller
    const category = 'user.derived.recommendation'
    const isTold =
      this.#oracle.byRole(role, category) === 'CLEAR' && this.#oracle.covers(purpose.key, category)
    return { value: isTold ? 'a list' : null, isWithheld: !isTold }
  }

  #told(): readonly (readonly [string, unknown])[] {
    return [...this.#policy.traits.keys()].flatMap((key) => {
      const { value, isTold } = this.#trait(key)
      return isTold && value !== null ? [[key, value] as const] : []
    })
  }

  #trait(key: string): { value: unknown; isTold: boolean } {
    const category = this.#policy.traits.get(key)?.category ?? ''
    const forms = this.#forms()
    const coordinate = Object.keys(forms).find((one) => one.endsWith(`.${key}`)) ?? ''
    const clear =
      key === 'country' ? this.#situation.country : (forms[`Contact.${key}`]?.CLEAR ?? null)
    const all: Record<string, unknown> = {
      ...forms[coordinate],
      CLEAR: key === 'plan' ? this.#plan : (clear ?? valueOfTrait(this.#policy, key)),
    }
    if (key === 'country') all.CLEAR = this.#situation.country
    const { value, isWithheld } = this.#inForm(this.treatment(category), all)
    return { value, isTold: !isWithheld }
  }

  #lineage(count: number): Expected {
    const treatment = this.treatment('user.lineage')
    const isTold = treatment !== 'WITHHELD' && count > 0
    return { value: isTold ? ['crm'] : [], isWithheld: treatment === 'WITHHELD' }
  }

  #inForm(treatment: string, forms: object): Expected {
    const isTold = treatment !== 'WITHHELD' && treatment in forms
    return {
      value: isTold ? (forms as Record<string, unknown>)[treatment] : null,
      isWithheld: !isTold,
    }
  }

  #forms(): Readonly<Record<string, Forms>> {
    const isVisitor = this.#caller.role === 'visitor'
    const { ordinal } = this.#met
    const ids = isVisitor ? {} : { userId: `user-${ordinal}-4711`, crmId: `crm-${ordinal}-4711` }
    const forms = formsOf({
      emailOrdinal: ordinal * 2 + Number(isVisitor),
      country: this.#situation.country,
      ids: ids as Record<string, string>,
    })
    return { ...forms, 'Account.plan': { CLEAR: this.#plan } }
  }
}

/** The segment of those whose plan is the second value, and that value. */
export const MOVERS = 'movers'
export const MOVED = 'plan two'

/** What an answer shows at a path below a profile, as far as the tables speak of it. */
// biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
export function shownAs(path: string, profile: any): unknown {
  const reading = READINGS[path]
  return reading ? reading(profile) : path.split('.').reduce((one, key) => one?.[key], profile)
}

/** A value as text, lists and keys in one order. */
export const textOf = (value: unknown): string =>
  Array.isArray(value)
    ? value
        .map((one) => JSON.stringify(sortedKeys(one)))
        .sort()
        .join()
    : JSON.stringify(sortedKeys(value) ?? null)

// biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
const READINGS: Readonly<Record<string, (profile: any) => unknown>> = {
  id: ({ id }) => (typeof id === 'string' ? 'an id' : id),
  timeline: ({ timeline }) => unique(timeline?.edges.map((one: Edge) => one.node.name)),
  segments: ({ segments }) => segments?.map(({ key }: { key: string }) => key) ?? null,
  recommendations: ({ recommendations }) => recommendations && 'a list',
  consents: ({ consents }) => consents && 'a list',
  trait: ({ trait }) => trait?.value ?? null,
  traits: ({ traits }) => traits?.map(({ key, value }: Shown) => [key, value]),
  'trait.lineage': ({ trait }) => sourcesOf(trait ? [trait] : []),
  'traits.lineage': ({ traits }) => sourcesOf(traits ?? []),
}
interface Edge {
  readonly node: { readonly name: string }
}
interface Shown {
  readonly key: string
  readonly value: unknown
  readonly lineage: { readonly source: string } | null
}

const unique = (names: readonly string[] | undefined) => [...new Set(names)].sort()
const sourcesOf = (traits: readonly Shown[]) =>
  unique(traits.flatMap(({ lineage }) => (lineage ? [lineage.source] : [])))
const sortedKeys = (one: unknown) =>
  typeof one === 'object' && one !== null && !Array.isArray(one)
    ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
    : one
