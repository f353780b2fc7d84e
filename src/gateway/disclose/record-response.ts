import { createHmac } from 'node:crypto'
import type { AuditOutcome } from '../../domain/audit/entry.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { RefusalCode } from '../../kernel/refusal.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { Audiences } from '../scope/audiences.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Scope } from '../scope/scope.ts'
import type { Plan } from './plan.ts'

/** People whom a caller acts for stand in entries under pseudonyms of their own. */
const AUDIT_AUDIENCE = 'audit'

/** Makes the one entry of a response durable. Until this resolves, not a byte may leave. */
export async function recordResponse(
  recorder: Recorder,
  ports: { readonly keys: KeyStore; readonly audiences: Audiences },
  request: {
    readonly scope: Scope
    readonly plan: Plan
    readonly args: Readonly<Record<string, unknown>>
    readonly outcome: AuditOutcome
    readonly code: RefusalCode | null
  },
): Promise<void> {
  const { scope, plan, args, outcome, code } = request
  const { principal, grant } = scope
  await recorder.record({
    requestId: scope.requestId,
    phase: 'decision',
    outcome,
    ...(code === null ? {} : { code }),
    actor: {
      clientId: principal.client.id,
      userPseudonym: principal.subject && ports.audiences.of(AUDIT_AUDIENCE).of(principal.subject),
      roles: principal.roles,
      tokenJti: principal.tokenId,
      cnfJkt: null,
    },
    audience: grant.audience,
    operation: { documentId: plan.selection.documentId, name: plan.selection.operationName },
    purpose: grant.purpose?.key ?? null,
    purposeIri: grant.purpose?.dpv ?? null,
    legalBasis: grant.purpose?.legalBasis ?? null,
    ruleIds: grant.roles.map((role) => `roles/${role}`),
    ...scope.seal(),
    argsHmac: argsHmac(ports.keys, args, isoInstant(scope.now).slice(0, 10)),
  })
}

/** Arguments as a keyed hash, under a key of the day: strings, numbers and booleans alike can't be read back. */
function argsHmac(
  keys: KeyStore,
  args: Readonly<Record<string, unknown>>,
  day: string,
): string | null {
  const text = JSON.stringify(args)
  if (text === '{}') return null
  return createHmac('sha256', keys.installationKey('audit-args'))
    .update(day)
    .update(text)
    .digest('base64url')
}
