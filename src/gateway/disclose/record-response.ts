import type { DayKeys } from '../../domain/audit/day-keys.ts'
import type { AuditOutcome } from '../../domain/audit/entry.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { RefusalCode } from '../../kernel/refusal.ts'
import { actorOf } from '../scope/actor.ts'
import { type GivenArgument, hashedArguments } from '../scope/argument-hashes.ts'
import type { Audiences } from '../scope/audiences.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Scope } from '../scope/scope.ts'
import type { Plan } from './plan.ts'

/** Makes the one entry of a response durable. Until this resolves, not a byte may leave. */
export async function recordResponse(
  recorder: Recorder,
  ports: { readonly keys: KeyStore; readonly dayKeys: DayKeys; readonly audiences: Audiences },
  request: {
    readonly scope: Scope
    readonly plan: Plan
    readonly args: readonly GivenArgument[]
    readonly outcome: AuditOutcome
    readonly code: RefusalCode | null
  },
): Promise<void> {
  const { scope, plan, args, outcome, code } = request
  const { principal, grant } = scope
  const hashed = await hashedArguments(scope, args, ports)
  await recorder.record({
    requestId: scope.requestId,
    phase: 'decision',
    outcome,
    ...(code === null ? {} : { code }),
    actor: actorOf(principal, ports.audiences),
    audience: grant.audience,
    operation: { documentId: plan.selection.documentId, name: plan.selection.operationName },
    purpose: grant.purpose?.key ?? null,
    purposeIri: grant.purpose?.dpv ?? null,
    legalBasis: grant.purpose?.legalBasis ?? null,
    ruleIds: plan.ruleIds,
    ...scope.seal(),
    argsHmac: null,
    ...(hashed.length > 0 ? { args: hashed } : {}),
  })
}
