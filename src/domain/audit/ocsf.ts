import type { AuditEntry } from './entry.ts'

/** Version of the Open Cybersecurity Schema Framework that the events follow. */
const VERSION = '1.5.0'
const CATEGORY = { uid: 6, name: 'Application Activity' }
const CLASS = { uid: 6_003, name: 'API Activity' }
const INFORMATIONAL = 1

const ACTIVITIES = { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete', 99: 'Other' } as const
type Activity = keyof typeof ACTIVITIES

/** Ends of the names of what administrative entries did. */
const DEEDS: readonly (readonly [RegExp, Activity])[] = [
  [/[.-](create|make|open|issue|grant|exchange)$/, 1],
  [/[.-](export|hash|read)$/, 2],
  [/[.-](save|define|change|rotate|finish|migrate|disable|enable)$/, 3],
  [/[.-](remove|destroy|undo|revoke|discarded)$/, 4],
]

/**
 * An entry as an OCSF event of the class API Activity (6003), for a SIEM. It is a rendering: purpose, consent and
 * treatments have no place in OCSF and stand under `unmapped`, and only the entry itself can be verified.
 * @param index number of the entry in the log.
 */
export function ocsfOf(entry: AuditEntry, index: number): Record<string, unknown> {
  const activity = activityOf(entry)
  const isPermitted = entry.outcome === 'permit'
  const { clientId, userPseudonym, roles, tokenJti } = entry.actor
  const time = Date.parse(entry.time)
  return {
    activity_id: activity,
    activity_name: ACTIVITIES[activity],
    category_uid: CATEGORY.uid,
    category_name: CATEGORY.name,
    class_uid: CLASS.uid,
    class_name: CLASS.name,
    type_uid: CLASS.uid * 100 + activity,
    type_name: `${CLASS.name}: ${ACTIVITIES[activity]}`,
    severity_id: INFORMATIONAL,
    severity: 'Informational',
    time,
    status_id: isPermitted ? 1 : 2,
    status: isPermitted ? 'Success' : 'Failure',
    ...(entry.code ? { status_code: entry.code } : {}),
    metadata: {
      version: VERSION,
      product: { name: 'Bauta', vendor_name: 'Bauta' },
      uid: entry.entryId,
      correlation_uid: entry.requestId,
      log_name: 'audit',
      original_time: entry.time,
      sequence: index,
    },
    actor: {
      app_uid: clientId,
      user: { uid: userPseudonym ?? clientId, groups: roles.map((name) => ({ name })) },
      ...(tokenJti ? { session: { uid: tokenJti } } : {}),
    },
    api: {
      operation: String(entry.action?.action ?? entry.operation.name ?? entry.phase),
      request: { uid: entry.requestId },
      service: { name: 'bauta' },
    },
    // The trail holds no address: the client stands for where a request came from.
    src_endpoint: { uid: clientId, name: clientId },
    resources: [...new Set(entry.subjects.map(({ ref }) => ref))].map((uid) => ({
      uid,
      type: 'person',
    })),
    unmapped: {
      phase: entry.phase,
      outcome: entry.outcome,
      audience: entry.audience,
      purpose: entry.purpose,
      purpose_iri: entry.purposeIri,
      legal_basis: entry.legalBasis,
      policy: entry.policy,
      document: entry.operation.documentId,
      sets: entry.sets,
      subjects: entry.subjects,
      arguments: entry.args ?? [],
      ...(entry.part ? { part: entry.part } : {}),
      ...(entry.action ? { action: entry.action } : {}),
    },
  }
}

function activityOf({ phase, action }: AuditEntry): Activity {
  if (phase === 'export') return 2
  if (phase === 'decision') return action && !('counted' in action || 'found' in action) ? 3 : 2
  const name = String(action?.action ?? '')
  return DEEDS.find(([ending]) => ending.test(name))?.[1] ?? 99
}
