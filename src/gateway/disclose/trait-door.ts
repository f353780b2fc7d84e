import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { TraitDefinition } from '../../domain/privacy/policy.ts'
import type { Decision } from '../../domain/privacy/treatment.ts'
import { groupOfTrait } from '../../domain/profiles/compose.ts'
import {
  type ReadColumn,
  type ReadRow,
  type SealedColumn,
  sealedColumns,
} from '../../domain/profiles/read-model.ts'
import type { Scope } from '../scope/scope.ts'
import { decideTrait, ruleOfTrait } from './decide-trait.ts'
import { consentOf } from './note-disclosure.ts'
import { openSealed } from './open-sealed.ts'
import type { Plan } from './plan.ts'
import type { DisclosedRow, ProfileRows } from './profile-rows.ts'
import { plainGroupsOf } from './row-values.ts'
import type { LineageView, ProfileView, TraitView } from './views.ts'

/** Traits asked for by key: each key has its category in the registry; a key that is not registered is withheld. */
export class TraitDoor {
  readonly #scope: Scope
  readonly #plan: Plan
  readonly #rows: ProfileRows
  readonly #keys: KeyStore

  constructor(scope: Scope, plan: Plan, rows: ProfileRows, keys: KeyStore) {
    this.#scope = scope
    this.#plan = plan
    this.#rows = rows
    this.#keys = keys
  }

  /** One entry per key that may be told and has a value; null where reading profiles is not in scope. */
  async traitsOf(
    view: ProfileView,
    keys: readonly string[] | null,
    path: 'trait' | 'traits',
  ): Promise<TraitView[] | null> {
    const disclosed = this.#rows.at(view)
    const { decisions } = disclosed
    if (decisions.decideField(`Profile.${path}`).reason !== null) return null
    const wanted = keys ?? [...this.#plan.policy.traits.keys()]
    const decided = [...new Set(wanted)].map((key) => ({
      key,
      ...decideTrait(this.#plan, decisions, key),
    }))
    this.#note(disclosed, decided, path)
    const open = decided.filter((one) => one.definition && one.decision.reason === null)
    const lineage = decisions.decide('user.lineage')
    const row = await this.#rows.extra(
      disclosed.row.subjectId,
      columnsFor(open, lineage.reason === null),
    )
    if (!row) return []
    const sealed = openSealed(this.#keys, row)
    return open.flatMap(({ key, definition, decision }) => {
      const value = definition ? this.#valueOf(row, definition, decision, sealed) : null
      return value === null || value === undefined
        ? []
        : [{ key, value, lineage: lineageOf(row, key, lineage) }]
    })
  }

  #note(
    disclosed: DisclosedRow,
    decided: readonly { key: string; decision: Decision }[],
    field: 'trait' | 'traits',
  ): void {
    const { decisions, row, ref, id } = disclosed
    const treatments = decided.map(({ key, decision }) => ({
      key: registered(this.#plan, key),
      treatment: decision.treatment,
    }))
    this.#scope.noteSubject(ref, decisions.traitSet(treatments), consentOf({ row, decisions }))
    const paths = this.#plan.paths.get(`Profile.${field}`) ?? []
    for (const { key, decision } of decided) {
      if (decision.reason === null) continue
      const reason = decisions.told(decision.reason)
      const shown = registered(this.#plan, key)
      this.#scope.noteWithheld(
        paths.map((path) => ({ path: `${path}[${shown}]`, reason })),
        id,
      )
    }
  }

  #valueOf(
    row: ReadRow,
    definition: TraitDefinition,
    decision: Decision,
    sealed: ReturnType<typeof openSealed>,
  ): unknown {
    const rule = ruleOfTrait(definition.key)
    const form =
      decision.treatment === 'GENERALISED'
        ? rule?.generalise
        : decision.treatment === 'MASKED'
          ? rule?.mask
          : null
    const plain = plainGroupsOf(row)
    if (form) return form({ plain, sealed, now: this.#scope.now })
    const { key, category } = definition
    return definition.sealed ? sealed(category)[key] : valueIn(plain[groupOfTrait(key)], key)
  }
}

/** A key that nobody registered is free text of the caller: it is not repeated. */
const registered = (plan: Plan, key: string) => (plan.policy.traits.has(key) ? key : 'unregistered')

const valueIn = (group: object, key: string): unknown =>
  (group as Readonly<Record<string, unknown>>)[key]

function columnsFor(
  open: readonly { definition: TraitDefinition | null }[],
  withLineage: boolean,
): ReadColumn[] {
  const columns = new Set<ReadColumn>(withLineage ? ['lineage'] : [])
  for (const { definition } of open) {
    if (!definition) continue
    const { key, category, sealed } = definition
    const column = (sealedColumns as Readonly<Record<string, SealedColumn>>)[category]
    columns.add(sealed ? (column ?? 'sealed_more') : groupOfTrait(key))
    for (const one of ruleOfTrait(key)?.columns ?? []) columns.add(one)
  }
  return [...columns]
}

function lineageOf(row: ReadRow, key: string, decision: Decision): LineageView | null {
  const lineage = row.lineage?.[key]
  if (!lineage || decision.reason !== null) return null
  if (decision.treatment === 'CLEAR')
    return { source: lineage.source, observedAt: lineage.observedAt, rule: lineage.rule }
  return decision.treatment === 'GENERALISED'
    ? { source: lineage.source, observedAt: null, rule: null }
    : null
}
