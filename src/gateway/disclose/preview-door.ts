import {
  clientAsCaller,
  type KnownCaller,
  purposeOfCaller,
  roleAsCaller,
} from '../../domain/access/known-caller.ts'
import type { ClientStore } from '../../domain/access/principal.ts'
import type { AuditLog } from '../../domain/audit/audit-log.ts'
import { compilePolicy, type Policy, PolicyError } from '../../domain/privacy/policy.ts'
import type { PolicyVersions } from '../../domain/privacy/policy-versions.ts'
import type { TableRows } from '../../domain/privacy/table-rows.ts'
import type { Decision } from '../../domain/privacy/treatment.ts'
import type { PastPeople } from '../../domain/profiles/past-people.ts'
import { consentOfPerson } from '../../domain/profiles/person-consent.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Scope } from '../scope/scope.ts'
import { decideTrait } from './decide-trait.ts'
import { planOf } from './explain.ts'
import { derivedFields, fieldRules } from './fields.ts'
import type { ProfileRows } from './profile-rows.ts'
import { DECIDED_INSIDE } from './state-decisions.ts'
import type { PreviewedView, PrivacyPreviewView, ProfileView } from './views.ts'

/** What a preview is worked out from. */
export interface PreviewPorts {
  readonly clients: Pick<ClientStore, 'find'>
  readonly log: Pick<AuditLog, 'find'>
  readonly versions: PolicyVersions
  readonly people: PastPeople
}

export interface PreviewAsked {
  /** Id of a client, or `role:partner`. */
  readonly as: string
  readonly purpose: string
  /** Past instant to compare with; null: now. */
  readonly at: Instant | null
  /** Tables of a proposed policy by name, each its rows; those left out are as they were. Null: none is proposed. */
  readonly policy: unknown
}

const TRAIT = 'trait.'

/**
 * What a caller would see of a person, as forms and reasons, never values: worked out by the code that answers, from what the
 * person has decided. For compliance.
 */
export class PreviewDoor {
  readonly #scope: Scope
  readonly #policy: Policy
  readonly #rows: ProfileRows
  readonly #ports: PreviewPorts

  constructor(scope: Scope, policy: Policy, rows: ProfileRows, ports: PreviewPorts) {
    this.#scope = scope
    this.#policy = policy
    this.#rows = rows
    this.#ports = ports
  }

  /**
   * Null where the caller may not be told.
   * @throws Refusal BAD_USER_INPUT, NOT_FOUND, saying what there is instead.
   */
  async of(view: ProfileView, asked: PreviewAsked): Promise<PrivacyPreviewView | null> {
    const { row, decisions } = this.#rows.at(view)
    if (decisions.decideField('Query.privacyPreview').reason !== null) return null
    this.#scope.noteAction({ previewed: asked.as, for: asked.purpose })
    const { now: instant } = this.#scope
    const now = await this.#seen(row.subjectId, asked, this.#policy, instant)
    if (asked.at === null && asked.policy === null) return { now, other: null, differences: [] }
    if (asked.at !== null && asked.at > instant)
      throw new Refusal('BAD_USER_INPUT', 'What will be decided is not known: "at" lies ahead.')
    const at = asked.at ?? instant
    const policy = await this.#policyOf(asked)
    const other = await this.#seen(row.subjectId, asked, policy, at)
    return { now, other, differences: differencesOf(now, other) }
  }

  async #seen(
    subject: SubjectId,
    asked: PreviewAsked,
    policy: Policy,
    at: Instant,
  ): Promise<PreviewedView> {
    const caller = await this.#caller(policy, asked.as)
    const purpose = purposeOfCaller(policy, caller, asked.purpose)
    const coordinates = [...fieldRules.keys(), ...Object.keys(derivedFields)].filter(
      (one) => !DECIDED_INSIDE.has(one),
    )
    const plan = planOf(policy, caller, purpose, coordinates)
    const facts = (await this.#ports.people.at([subject], at)).get(subject)
    const consent = facts === undefined ? null : consentOfPerson(facts, policy, at)
    const decisions = consent === null ? null : plan.decisionsFor(consent.state)
    const decided = (decide: NonNullable<typeof decisions>): [string, Decision][] => [
      ...plan.coordinates.map((one): [string, Decision] => [one, decide.decideField(one)]),
      ...[...policy.traits.keys()].map((key): [string, Decision] => [
        `${TRAIT}${key}`,
        decideTrait(plan, decide, key).decision,
      ]),
    ]
    return {
      policyVersion: policy.version,
      at,
      known: decisions?.known ?? false,
      consent: decisions?.standing?.state ?? null,
      fields: (decisions === null ? [] : decided(decisions)).map(
        ([field, { treatment, reason }]) => ({
          field,
          form: treatment,
          reason,
        }),
      ),
    }
  }

  async #caller(policy: Policy, as: string): Promise<KnownCaller> {
    const anybody = roleAsCaller(policy, as)
    if (anybody) return anybody
    const client = await this.#ports.clients.find(as)
    if (client) return clientAsCaller(as, client)
    throw new Refusal(
      'NOT_FOUND',
      `There is no client of this id; a role is named as role:partner.`,
    )
  }

  /** The proposed policy, or else the one that held at the instant: entries of the trail name it. */
  async #policyOf({ at, policy: proposed }: PreviewAsked): Promise<Policy> {
    const held = at === null ? this.#policy.version : await this.#versionAt(at)
    const tables = await this.#ports.versions.tablesOf(held)
    if (tables === null)
      throw new Refusal('NOT_FOUND', 'The policy that held at this instant was not kept.')
    try {
      return compilePolicy(proposed === null ? tables : { ...tables, ...policyTablesOf(proposed) })
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error
      throw new Refusal('BAD_USER_INPUT', `The proposed policy can not be read: ${error.message}`)
    }
  }

  async #versionAt(at: Instant): Promise<string> {
    const [entry] = await this.#ports.log.find({ to: at + 1 }, { limit: 1, before: null })
    if (!entry) throw new Refusal('NOT_FOUND', 'The trail has no entry from before this instant.')
    return entry.entry.policy.version
  }
}

function differencesOf(
  now: PreviewedView,
  other: PreviewedView,
): PrivacyPreviewView['differences'] {
  const before = new Map(other.fields.map((one) => [one.field, one]))
  const after = new Map(now.fields.map((one) => [one.field, one]))
  const fields = [...new Set([...after.keys(), ...before.keys()])]
  const unknown = { form: 'WITHHELD', reason: null } as const
  return fields.flatMap((field) => {
    const { form: nowForm, reason: nowReason } = after.get(field) ?? unknown
    const { form: otherForm, reason: otherReason } = before.get(field) ?? unknown
    return nowForm === otherForm
      ? []
      : [{ field, now: nowForm, nowReason, other: otherForm, otherReason }]
  })
}

const TABLE_NAMES: readonly string[] = [
  'purposes',
  'roles',
  'categories',
  'traits',
  'sources',
  'jurisdictions',
  'notices',
]

/** @throws Refusal BAD_USER_INPUT */
function policyTablesOf(value: unknown): Readonly<Record<string, TableRows>> {
  const isRow = (row: unknown) =>
    typeof row === 'object' &&
    row !== null &&
    Object.values(row).every((one) => typeof one === 'string')
  const tables = typeof value === 'object' && value !== null ? Object.entries(value) : []
  const isFine = ([name, rows]: [string, unknown]) =>
    TABLE_NAMES.includes(name) && Array.isArray(rows) && rows.every(isRow)
  if (tables.length === 0 || !tables.every(isFine))
    throw new Refusal(
      'BAD_USER_INPUT',
      `"policy" holds tables by name (${TABLE_NAMES.join(', ')}), each a list of rows whose values are texts.`,
    )
  return value as Readonly<Record<string, TableRows>>
}
