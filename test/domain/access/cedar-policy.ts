import {
  type CedarValueJson,
  type EntityJson,
  preparsePolicySet,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyTables } from '../../../src/domain/privacy/policy.ts'
import { type Treatment, treatments } from '../../../src/domain/privacy/treatment.ts'
import type { AccessRequest } from './access-requests.ts'

type Row = Readonly<Record<string, string>>
const words = (text = '') => text.split(' ').filter(Boolean)
const uid = (type: string, id: string) => ({ __entity: { type, id } })
const named = (type: string, id: string) => `${type}::${JSON.stringify(id)}`
const within = (wider: string, narrower: string) => narrower.startsWith(`${wider}.`)
const uids = (type: string, ids: readonly string[]) => ids.map((id) => uid(type, id))

/**
 * What no table says: what people decide stands above what roles may see. A second opinion in another language, sharing
 * no line with the gateway's.
 */
const RULES: Readonly<Record<string, string>> = {
  'only purposes that the caller may declare': `
    forbid (principal, action, resource) unless { principal.purposes.contains(context.purpose) };`,
  'only what the purpose covers': `
    forbid (principal, action, resource) unless { resource in context.purpose.categories };`,
  'only categories that the caller is limited to': `
    forbid (principal, action, resource)
    when { principal has categories } unless { resource in principal.categories };`,
  'only members of segments that the caller is limited to': `
    forbid (principal, action, resource)
    when { principal has segments } unless { context.segments.containsAny(principal.segments) };`,
  'only the person acted for': `
    forbid (principal, action, resource)
    when { principal in Role::"subject" || principal in Role::"frontend" || principal in Role::"visitor" }
    unless { principal has actingFor && principal.actingFor == context.subject };`,
  restriction: `
    forbid (principal, action, resource)
    when { context.restricted && context.purpose.basis != "legal_obligation" };`,
  objection: `
    forbid (principal, action, resource)
    when { context.objected.contains(context.purpose) && context.purpose.basis != "legal_obligation" };`,
  'outside signals': `
    forbid (principal, action, resource)
    when { context.signals.containsAny(context.purpose.signals) && context.purpose.basis != "legal_obligation" };`,
  'only categories to which a consent was limited': `
    forbid (principal, action, resource)
    when { context.purpose.basis == "consent" && context has own && context.own has categories }
    unless { resource in context.own.categories };`,
  consent: `
    forbid (principal, action, resource)
    when { context.purpose.basis == "consent" }
    unless {
      if context has own && ["ConsentGiven", "RenewedConsentGiven"].contains(context.own.state)
      then true
      else !(context has own && ${closes('own')})
        && !(!(context has own) && context has towardsAll && ${closes('towardsAll')})
        && context has country && context.country has column
        && context.purpose.hasTag(context.country.column)
        && (context.purpose.getTag(context.country.column) == "opt_out"
          || context.purpose.getTag(context.country.column) == "notice_only"
            && context has own && context.own.state == "NoticeGiven")
    };`,
}

function closes(standing: string): string {
  const words = ['ConsentRefused', 'ConsentWithdrawn', 'ConsentRevoked', 'ConsentInvalidated']
  return `${JSON.stringify(words)}.contains(context.${standing}.state)`
}

/** A cell opens its category and all below it, but for rows that are more specific: one policy for each role and form. */
function permitsOf(roles: readonly Row[]): Record<string, string> {
  const opened = new Map<string, { role: string; treatment: string; resources: string[] }>()
  for (const { category = '', ...cells } of roles) {
    const below = roles.filter((row) => within(category, row.category ?? ''))
    const inside = ({ category: one = '' }: Row) => `resource in ${named('Category', one)}`
    const exceptions = below.map((row) => ` && !(${inside(row)})`).join('')
    const resource = `${inside({ category })}${exceptions}`
    for (const [role, treatment] of Object.entries(cells)) {
      if (treatment === 'WITHHELD') continue
      const name = `${role} ${treatment}`
      const { resources } = opened.get(name) ?? { resources: [] }
      opened.set(name, { role, treatment, resources: [...resources, resource] })
    }
  }
  return Object.fromEntries([...opened].map(([name, permit]) => [name, permitText(permit)]))
}

function permitText(permit: { role: string; treatment: string; resources: readonly string[] }) {
  const role = named('Role', permit.role)
  // What may be seen in one form may be seen in any that reveals less.
  const forms = treatments.slice(treatments.indexOf(permit.treatment as Treatment), -1)
  return `permit (principal in ${role}, action in [${forms.map((form) => named('Action', form))}], resource)
    when { context.purpose.roles.contains(${role}) }
    when { ${permit.resources.join(' || ')} };`
}

let count = 0

/** The tables as Cedar policies and entities, and what Cedar decides by them. */
export class CedarPolicy {
  readonly #set = `tables-${count++}`
  readonly #tables: PolicyTables

  constructor(tables: PolicyTables) {
    this.#tables = tables
    const answer = preparsePolicySet(this.#set, {
      staticPolicies: { ...RULES, ...permitsOf(tables.roles) },
    })
    if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
  }

  /** @throws Error where a policy could not be evaluated: Cedar would pass over it. */
  allows(request: AccessRequest): boolean {
    const answer = statefulIsAuthorized({
      principal: { type: 'Caller', id: 'c' },
      action: { type: 'Action', id: request.form },
      resource: { type: 'Category', id: request.category },
      context: contextOf(request, this.#purpose(request.purpose)),
      preparsedPolicySetId: this.#set,
      entities: this.#entitiesOf(request),
    })
    if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
    const { decision, diagnostics } = answer.response
    if (diagnostics.errors.length > 0) throw new Error(JSON.stringify(diagnostics.errors))
    return decision === 'allow'
  }

  #purpose(key: string): Row {
    return this.#tables.purposes.find(({ purpose }) => purpose === key) ?? {}
  }

  #entitiesOf({ caller, category, purpose, person }: AccessRequest): EntityJson[] {
    const { roles, purposes, categories, segments, actingFor } = caller
    const row = this.#purpose(purpose)
    const column = this.#tables.jurisdictions.find(({ country }) => country === person.country)
    const mechanisms = Object.entries(row).flatMap(([name, mechanism]) =>
      name.startsWith('mechanism_') ? [[name.slice('mechanism_'.length), mechanism] as const] : [],
    )
    const named = [
      category,
      ...words(row.categories),
      ...(categories ?? []),
      ...(person.own?.categories ?? []),
    ]
    return [
      {
        uid: uid('Caller', 'c'),
        attrs: {
          purposes: uids('Purpose', purposes),
          ...(categories ? { categories: uids('Category', categories) } : {}),
          ...(segments ? { segments: [...segments] } : {}),
          ...(actingFor === null ? {} : { actingFor }),
        },
        parents: uids('Role', roles),
      },
      {
        uid: uid('Purpose', purpose),
        attrs: {
          basis: row.legal_basis ?? '',
          roles: uids('Role', words(row.roles)),
          categories: uids('Category', words(row.categories)),
          signals: words(row.signals),
        },
        parents: [],
        tags: Object.fromEntries(mechanisms),
      },
      {
        uid: uid('Country', person.country ?? 'unknown'),
        attrs: column ? { column: column.mechanism ?? '' } : {},
        parents: [],
      },
      ...[...new Set(named.flatMap(upwards))].map((one) => ({
        uid: uid('Category', one),
        attrs: {},
        parents: upwards(one)
          .slice(1, 2)
          .map((parent) => uid('Category', parent)),
      })),
    ]
  }
}

/** A category and all above it, the widest last. */
function upwards(category: string): string[] {
  const parts = category.split('.')
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('.'))
}

function contextOf({ purpose, person }: AccessRequest, row: Row) {
  const { country, own, towardsAll } = person
  const context: Record<string, CedarValueJson> = {
    purpose: uid('Purpose', purpose),
    subject: person.subjectId,
    segments: [...person.segments],
    restricted: person.restricted,
    objected: uids('Purpose', person.objected),
    signals: [...person.signals],
  }
  if (country !== null) context.country = uid('Country', country)
  // Where nobody has to be named, what was said towards all is what was said.
  const standing = row.names_recipient === 'yes' ? own : towardsAll
  if (standing)
    context.own = {
      state: standing.state,
      ...(standing.categories ? { categories: uids('Category', standing.categories) } : {}),
    }
  if (towardsAll) context.towardsAll = { state: towardsAll.state }
  return context
}
