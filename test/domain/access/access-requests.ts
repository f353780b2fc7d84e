import fc from 'fast-check'
import { Abilities, rowsOf } from '../../../src/domain/access/ability.ts'
import { barrierOf, clientAsCaller } from '../../../src/domain/access/known-caller.ts'
import { scopes } from '../../../src/domain/access/principal.ts'
import {
  type ConsentStanding,
  consentStates,
  standingKey,
  vectorText,
} from '../../../src/domain/privacy/consent-vector.ts'
import {
  compilePolicy,
  type Policy,
  type PolicyTables,
} from '../../../src/domain/privacy/policy.ts'
import { type Treatment, treatments } from '../../../src/domain/privacy/treatment.ts'
import { planOf } from '../../../src/gateway/disclose/explain.ts'

const AUDIENCE = 'acme'
const PEOPLE = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002']
const SEGMENTS = ['vip', 'new', 'lapsed']

/** May this caller see this category of this person, for this purpose, in this form or one that reveals more? */
export interface AccessRequest {
  readonly caller: {
    readonly roles: readonly string[]
    readonly purposes: readonly string[]
    readonly categories: readonly string[] | null
    readonly segments: readonly string[] | null
    readonly actingFor: string | null
  }
  readonly purpose: string
  readonly category: string
  readonly form: Treatment
  readonly person: {
    readonly subjectId: string
    readonly segments: readonly string[]
    readonly country: string | null
    readonly restricted: boolean
    readonly objected: readonly string[]
    readonly signals: readonly string[]
    /** What they said of the purpose towards the caller, and towards everybody. */
    readonly own: ConsentStanding | null
    readonly towardsAll: ConsentStanding | null
  }
}

const words = (text = '') => text.split(' ').filter(Boolean)
const rarely = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 3, nil: null })

/** Requests as the tables make them likely, so that about as many are granted as not. */
export function accessRequests(tables: PolicyTables): fc.Arbitrary<AccessRequest> {
  const roles = Object.keys(tables.roles[0] ?? {}).filter((name) => name !== 'category')
  const categories = tables.categories.map(({ category = '' }) => category)
  const signals = [...new Set(tables.purposes.flatMap((row) => words(row.signals)))]
  const keys = tables.purposes.map(({ purpose = '' }) => purpose)
  const standing = fc.record({
    state: fc.oneof(
      { weight: 3, arbitrary: fc.constant('ConsentGiven' as const) },
      { weight: 2, arbitrary: fc.constantFrom(...consentStates) },
    ),
    categories: fc.option(fc.subarray(categories), { freq: 4, nil: null }),
  })
  return fc.constantFrom(...tables.purposes).chain((row) => {
    const purpose = row.purpose ?? ''
    const declaring = words(row.roles)
    const covered = categories.filter((one) =>
      words(row.categories).some((wider) => one === wider || one.startsWith(`${wider}.`)),
    )
    const likely = <T>(usual: readonly T[], all: readonly T[]) =>
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...(usual.length > 0 ? usual : all)) },
        { weight: 1, arbitrary: fc.constantFrom(...all) },
      )
    const caller = fc.record({
      roles: fc.uniqueArray(likely(declaring, roles), { minLength: 1, maxLength: 3 }),
      purposes: fc.oneof(
        { weight: 5, arbitrary: fc.constant(keys) },
        { weight: 1, arbitrary: fc.subarray(keys) },
      ),
      categories: rarely(fc.subarray(['user', ...categories], { minLength: 1 })),
      segments: rarely(fc.subarray(SEGMENTS)),
      actingFor: fc.constantFrom(...PEOPLE, ...PEOPLE.slice(0, 1), null),
    })
    const person = fc.record({
      subjectId: fc.constantFrom(...PEOPLE.slice(0, 1), ...PEOPLE),
      segments: fc.subarray(SEGMENTS),
      country: fc.constantFrom('DE', 'US', 'US', 'BR', null),
      restricted: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      objected: fc.oneof(
        { weight: 5, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.subarray(keys) },
      ),
      signals: fc.oneof(
        { weight: 5, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.subarray(signals, { maxLength: 3 }) },
      ),
      own: fc.option(standing, { nil: null }),
      towardsAll: fc.option(standing, { nil: null }),
    })
    const below = (category: string) =>
      fc.integer({ min: 0, max: 9 }).map((n) => (n === 0 ? `${category}.below` : category))
    return fc.record({
      caller,
      purpose: fc.constant(purpose),
      category: likely(covered, categories).chain(below),
      form: fc.constantFrom(...treatments.slice(0, -1)),
      person,
    })
  })
}

/** The gateway's own decision: the plan of the caller, its decisions for the person's consent, and the rows it may see. */
export class OwnPolicy {
  readonly #policy: Policy

  constructor(tables: PolicyTables) {
    this.#policy = compilePolicy(tables)
  }

  allows({ caller: asked, purpose: key, category, form, person }: AccessRequest): boolean {
    const { roles, purposes, categories, segments, actingFor } = asked
    const caller = clientAsCaller('c', {
      name: 'c',
      audience: AUDIENCE,
      scopes: [...scopes],
      ...{ roles, purposes, categories, segments },
    })
    const purpose = this.#policy.purposes.get(key)
    if (!purpose || barrierOf(caller, purpose) !== null) return false
    const plan = planOf(this.#policy, caller, purpose, [])
    const abilities = new Abilities(
      plan.treatments,
      rowsOf(plan.grant, { subject: actingFor, subjects: null }),
    )
    // Abilities are asked about categories that tables name.
    if (!abilities.allows(person, category.replace(/\.below$/, ''))) return false
    const { treatment } = plan.decisionsFor(this.#stateOf(key, person)).decide(category)
    return treatments.indexOf(treatment) <= treatments.indexOf(form)
  }

  #stateOf(purpose: string, { own, towardsAll, ...person }: AccessRequest['person']): string {
    const standings = new Map<string, ConsentStanding>()
    if (own) standings.set(standingKey(purpose, AUDIENCE), own)
    if (towardsAll) standings.set(purpose, towardsAll)
    return vectorText({
      country: person.country,
      restricted: person.restricted,
      objected: new Set(person.objected),
      signals: new Set(person.signals),
      standings,
    })
  }
}
