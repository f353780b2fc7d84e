import type { Principal } from '../../domain/access/principal.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import { AUDIT_AUDIENCE, type Audiences } from './audiences.ts'
import type { Scope } from './scope.ts'

/** A caller as entries name it. */
export function actorOf(principal: Principal, audiences: Audiences): AuditEntry['actor'] {
  const { subject } = principal
  return {
    ...clientOf(principal),
    ...(subject !== null && { userPseudonym: audiences.of(AUDIT_AUDIENCE).of(subject) }),
  }
}

/** Whose change of rules an entry speaks of. The entry of the response, under the same request id, names the person too. */
export function byClient({ principal, grant, requestId }: Scope) {
  return { actor: clientOf(principal), audience: grant.audience, requestId }
}

function clientOf({ client, roles, tokenId, foreign, cnfJkt }: Principal): AuditEntry['actor'] {
  const userPseudonym = foreign?.staff ?? null
  return { clientId: client.id, userPseudonym, roles, tokenJti: tokenId, cnfJkt }
}
