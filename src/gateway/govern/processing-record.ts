import type { Client } from '../../domain/access/principal.ts'
import type { RetentionRule } from '../../domain/audit/retention-rules.ts'
import { type Category, coveredByAny } from '../../domain/privacy/categories.ts'
import { type DataRetention, keptDays } from '../../domain/privacy/data-retention.ts'
import {
  type LegalBasis,
  type Mechanism,
  type Policy,
  type Purpose,
  roleTreatment,
} from '../../domain/privacy/policy.ts'
import type { Treatment } from '../../domain/privacy/treatment.ts'

/** What the record is made of: the policy, what is registered, and how long things are kept. */
export interface ProcessingSources {
  readonly policy: Policy
  readonly clients: readonly Client[]
  readonly dataRetention: DataRetention
  readonly trailRetention: readonly RetentionRule[]
  /** Facts about the controller: name, address, contact and the like; empty where nobody stated any. */
  readonly controller: readonly { readonly fact: string; readonly value: string }[]
}

/** One processing activity: a purpose. */
export interface ProcessingActivity {
  readonly purpose: string
  readonly inWords: string
  readonly dpv: string
  readonly legalBasis: LegalBasis
  readonly mechanisms: readonly { readonly jurisdiction: string; readonly mechanism: Mechanism }[]
  readonly closedBy: readonly string[]
  /** Whose data: people whom somebody vouches for, and visitors whom nobody knows. */
  readonly people: readonly string[]
  readonly categories: readonly {
    readonly category: Category
    readonly sensitivity: 'NORMAL' | 'HIGH'
    /** Null: as long as the person is known. */
    readonly keepDays: number | null
  }[]
  readonly recipients: readonly {
    readonly client: string
    readonly name: string
    readonly audience: string
    readonly roles: readonly string[]
    readonly receives: readonly { readonly category: Category; readonly form: Treatment }[]
  }[]
}

/** Records of processing activities (GDPR Article 30), as the installation is set up now. */
export interface ProcessingRecord {
  readonly policyVersion: string
  readonly controller: ProcessingSources['controller']
  readonly activities: readonly ProcessingActivity[]
  readonly sources: readonly {
    readonly source: string
    readonly kind: string
    readonly verified: boolean
  }[]
  readonly trail: readonly { readonly class: string; readonly keepDays: number | null }[]
  /** Technical and organisational measures (Article 32), as far as the software takes them. */
  readonly measures: readonly string[]
}

const MEASURES = [
  'Directly identifying values are sealed per person (AES-256-GCM); keys are kept apart from the database.',
  'Each recipient sees people under pseudonyms of its own, which it can not join with those of others.',
  'Every disclosure is decided per field and person by role, purpose and consent at that moment; the default is to withhold.',
  'Every disclosure is on an audit trail before it leaves; the trail is signed and can be verified by others.',
  'Fields are generalised, masked or pseudonymised where a role needs no more.',
] as const

export function processingRecord(sources: ProcessingSources): ProcessingRecord {
  const { policy, controller, trailRetention } = sources
  return {
    policyVersion: policy.version,
    controller,
    activities: [...policy.purposes.values()].map((purpose) => activityOf(purpose, sources)),
    sources: [...policy.sources.values()].map(({ key, kind, verified }) => ({
      source: key,
      kind,
      verified,
    })),
    trail: trailRetention.map(({ class: name, days }) => ({ class: name, keepDays: days })),
    measures: MEASURES,
  }
}

function activityOf(
  purpose: Purpose,
  { policy, clients, dataRetention }: ProcessingSources,
): ProcessingActivity {
  const covered = [...policy.categories.values()].filter(({ category }) =>
    coveredByAny(purpose.categories, category),
  )
  const categories = covered.map(({ category, sensitivity }) => ({
    category,
    sensitivity,
    keepDays: keptDays(dataRetention, category),
  }))
  return {
    purpose: purpose.key,
    inWords: purpose.inWords,
    dpv: purpose.dpv,
    legalBasis: purpose.legalBasis,
    mechanisms: [...purpose.mechanisms].map(([jurisdiction, mechanism]) => ({
      jurisdiction,
      mechanism,
    })),
    closedBy: [...purpose.signals],
    people: ['people', ...(purpose.roles.has('visitor') ? ['visitors'] : [])],
    categories,
    recipients: clients.flatMap((client) => {
      const roles = client.roles.filter((role) => purpose.roles.has(role))
      if (client.disabledAt !== null || roles.length === 0) return []
      if (!client.purposes.includes(purpose.key)) return []
      const receives = covered.flatMap(({ category }) => {
        const within = client.categories === null || coveredByAny(client.categories, category)
        const forms = roles.map((role) => roleTreatment(policy, role, category))
        const form = forms.find((one) => one !== 'WITHHELD')
        return within && form ? [{ category, form }] : []
      })
      const { id, name, audience } = client
      return [{ client: id, name, audience, roles, receives }]
    }),
  }
}
