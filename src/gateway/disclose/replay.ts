import { type GrantHolder, grantOf } from '../../domain/access/grant.ts'
import type { ClientStore } from '../../domain/access/principal.ts'
import type { AuditEntry, AuditSubject } from '../../domain/audit/entry.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { compilePolicy, type Policy, PolicyError } from '../../domain/privacy/policy.ts'
import type { PolicyVersions } from '../../domain/privacy/policy-versions.ts'
import type { Reason, Treatment } from '../../domain/privacy/treatment.ts'
import type { PastPeople } from '../../domain/profiles/past-people.ts'
import { type ConsentFacts, consentOfPerson } from '../../domain/profiles/person-consent.ts'
import { instantOf, type SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { decideTrait } from './decide-trait.ts'
import { derivedFields, fieldRules } from './fields.ts'
import { compilePlan, type Plan } from './plan.ts'
import { holderIn } from './rule-ids.ts'
import { auditPath, type StateDecisions } from './state-decisions.ts'

/** Where an entry does not say what the rules of its time say. */
export interface Difference {
  /** Reference of the person, as in the entry. */
  readonly ref: string
  /** Path of the field as in the entry; `consent`: the state of the consent. */
  readonly path: string
  readonly recorded: string
  readonly reckoned: string
  readonly reason: Reason | null
}

/** Why a decision could not be reckoned again: only what was recorded remains. */
export type Unsettled = 'policy-unknown' | 'caller-unknown' | 'erased' | 'taken-back' | 'other-door'

/** What came of reckoning one entry again. */
export interface Replayed {
  /** Decisions that came out as they are recorded: a field of a person each. */
  readonly agreeing: number
  readonly difference: Difference | null
  /** How many people's decisions could not be reckoned, by cause. */
  readonly unsettled: Readonly<Partial<Record<Unsettled, number>>>
}

/** What replaying works with. */
export interface ReplayPorts {
  readonly versions: PolicyVersions
  readonly people: PastPeople
  readonly keys: Pick<KeyStore, 'auditRefOf' | 'refresh'>
  readonly clients: Pick<ClientStore, 'find'>
}

/** One reckoning: who asked under which rules, and the instants between which the decision was taken. */
interface Case {
  readonly plan: Plan
  readonly policy: Policy
  readonly instants: readonly Instant[]
}

/** Fields by their path in entries. */
const BY_PATH: ReadonlyMap<string, string> = new Map(
  [...fieldRules.keys(), ...Object.keys(derivedFields)].map((field) => [auditPath(field), field]),
)
const TRAIT = 'trait.'

/**
 * Takes past decisions again: by the policy of their time, for the caller as the entry names it, from what the person had
 * decided by then. It reads consent histories, never the read model that answered, so it also finds a fault of that.
 */
export class Replay {
  readonly #ports: ReplayPorts
  readonly #policies = new Map<string, Policy | null>()
  #subjects: ReadonlyMap<string, SubjectId> | null = null

  constructor(ports: ReplayPorts) {
    this.#ports = ports
  }

  async of(entry: AuditEntry): Promise<Replayed> {
    const { subjects } = entry
    if (subjects.length === 0) return { agreeing: 0, difference: null, unsettled: {} }
    const found = await this.#caseOf(entry)
    if (typeof found === 'string') return unsettledBy(found, subjects.length)
    const known = await this.#known()
    const own = subjects.flatMap((subject) => {
      const id = known.get(subject.ref)
      return id === undefined ? [] : [{ subject, id }]
    })
    const erased = subjects.length - own.length
    const judged = await this.#judge(entry, found, own)
    const difference = judged.differences[0] ?? null
    const takenBack =
      difference !== null && (await this.#ports.people.takenBackSince(earliest(found)))
    return {
      agreeing: judged.agreeing,
      difference: takenBack ? null : difference,
      unsettled: {
        ...(erased > 0 ? { erased } : {}),
        ...(judged.otherDoor > 0 ? { 'other-door': judged.otherDoor } : {}),
        ...(takenBack ? { 'taken-back': judged.differences.length } : {}),
      },
    }
  }

  async #judge(
    entry: AuditEntry,
    found: Case,
    own: readonly { readonly subject: AuditSubject; readonly id: SubjectId }[],
  ) {
    const ids = [...new Set(own.map(({ id }) => id))]
    const at = await Promise.all(
      found.instants.map(async (instant) => ({
        instant,
        people: await this.#ports.people.at(ids, instant),
      })),
    )
    const differences: Difference[] = []
    let agreeing = 0
    let otherDoor = 0
    for (const { subject, id } of own) {
      const fields = entry.sets[subject.set]?.fields ?? []
      const compared = fields.filter(({ path }) => coordinateOf(path) !== null)
      otherDoor += fields.length - compared.length
      // A decision fell somewhere between the arrival of the request and its entry: what held at either is right.
      const outcomes = at.flatMap(({ instant, people }) => {
        const facts = people.get(id)
        return facts ? [differenceIn(found, facts, instant, subject, compared)] : []
      })
      const [first] = outcomes
      if (first && !outcomes.includes(null)) differences.push(first)
      else agreeing += compared.length
    }
    return { agreeing, differences, otherDoor }
  }

  async #caseOf(entry: AuditEntry): Promise<Case | Unsettled> {
    const policy = await this.#policy(entry.policy.version)
    const purpose = policy?.purposes.get(entry.purpose ?? '')
    if (!policy || !purpose) return 'policy-unknown'
    const holder = holderIn(entry) ?? (await this.#registered(entry))
    if (!holder) return 'caller-unknown'
    const plan = compilePlan(NOTHING_SELECTED, grantOf(holder, purpose), policy)
    const written = Date.parse(entry.time)
    const arrived = instantOf(entry.requestId) ?? written
    return { plan, policy, instants: [...new Set([arrived, written])] }
  }

  /** Entries of before their scopes stood in them: as the client is registered now. */
  async #registered({ actor }: AuditEntry): Promise<GrantHolder | null> {
    const client = await this.#ports.clients.find(actor.clientId)
    return client && { roles: actor.roles, scopes: new Set(client.scopes), client }
  }

  async #policy(version: string): Promise<Policy | null> {
    const known = this.#policies.get(version)
    if (known !== undefined) return known
    const tables = await this.#ports.versions.tablesOf(version)
    const policy = tables && readable(tables)
    this.#policies.set(version, policy)
    return policy
  }

  /** Everybody's references, read once: an entry names nobody otherwise. */
  async #known(): Promise<ReadonlyMap<string, SubjectId>> {
    if (this.#subjects) return this.#subjects
    const { people, keys } = this.#ports
    await keys.refresh()
    const subjects = new Map<string, SubjectId>()
    for await (const page of people.everybody())
      for (const id of page) {
        const ref = keys.auditRefOf(id)
        if (ref !== null) subjects.set(ref, id)
      }
    this.#subjects = subjects
    return subjects
  }
}

const NOTHING_SELECTED = {
  operation: 'query',
  operationName: null,
  documentId: '',
  personal: [],
  scopes: [],
  rootFields: [],
} as const

/** Tables that this version of Bauta can not read any more tell nothing. */
function readable(tables: Parameters<typeof compilePolicy>[0]): Policy | null {
  try {
    return compilePolicy(tables)
  } catch (error) {
    if (error instanceof PolicyError) return null
    throw error
  }
}

function unsettledBy(cause: Unsettled, count: number): Replayed {
  return { agreeing: 0, difference: null, unsettled: { [cause]: count } }
}

const earliest = ({ instants }: Case): Instant => Math.min(...instants)

/** What a path in an entry stands for; null: no field of a profile, another door decided. */
function coordinateOf(path: string): string | null {
  return BY_PATH.get(path) ?? (path.startsWith(TRAIT) ? path : null)
}

function differenceIn(
  { plan, policy }: Case,
  facts: ConsentFacts,
  instant: Instant,
  { ref, consent }: AuditSubject,
  fields: readonly { readonly path: string; readonly treatment: Treatment }[],
): Difference | null {
  const decisions = plan.decisionsFor(consentOfPerson(facts, policy, instant).state)
  const state = decisions.standing?.state ?? null
  if (state !== (consent?.state ?? null))
    return {
      ref,
      path: 'consent',
      recorded: consent?.state ?? 'none',
      reckoned: state ?? 'none',
      reason: null,
    }
  for (const { path, treatment } of fields) {
    const decision = decisionFor(plan, decisions, path)
    if (decision.treatment === treatment) continue
    return {
      ref,
      path,
      recorded: treatment,
      reckoned: decision.treatment,
      reason: decision.reason,
    }
  }
  return null
}

function decisionFor(plan: Plan, decisions: StateDecisions, path: string) {
  const field = BY_PATH.get(path)
  return field === undefined
    ? decideTrait(plan, decisions, path.slice(TRAIT.length)).decision
    : decisions.decideField(field)
}
