import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql'
import type { TrailEntry } from '../../gateway/attest/audit-trail.ts'
import { AuditEntryConnection } from './audit.type.ts'
import type { Connection } from './connection.ts'
import { Needs } from './directives.ts'
import type { Doors } from './doors.ts'
import { AuditFilter } from './inputs.type.ts'

const LIST = ['audit-trail']
const DEFAULT_PAGE = 20

@Resolver()
export class AuditResolver {
  @Needs('audit:read')
  @Query(() => AuditEntryConnection, {
    description: 'The trail, newest first. For compliance; reading it is an entry itself.',
  })
  async auditTrail(
    @Ctx() { trail, scope, desk }: Doors,
    @Arg('filter', () => AuditFilter, { nullable: true, description: 'Which entries.' })
    filter: AuditFilter | null,
    @Arg('first', () => Int, { nullable: true, description: 'At most so many, up to 200.' }) first:
      | number
      | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor to continue after.' }) after:
      | string
      | null,
  ): Promise<Connection<ReturnType<typeof auditNode>>> {
    const before = after == null ? null : (desk.cursors.open(LIST, after) as number)
    const pseudonyms = desk.pseudonymsOf(scope.grant.audience)
    const page = { first: first ?? DEFAULT_PAGE, before }
    const { entries, more } = await trail.entries(scope, pseudonyms, filter ?? {}, page)
    const edges = entries.map((one) => ({
      node: auditNode(one),
      cursor: desk.cursors.seal(LIST, one.index),
    }))
    const pageInfo = {
      hasNextPage: more,
      hasPreviousPage: before !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    }
    return { edges, pageInfo }
  }
}

function auditNode({ index, leafHash, entry }: TrailEntry) {
  return {
    index,
    leafHash,
    entryId: entry.entryId,
    time: Date.parse(entry.time),
    requestId: entry.requestId,
    phase: entry.phase,
    outcome: entry.outcome,
    code: entry.code ?? null,
    actor: entry.actor.clientId,
    roles: entry.actor.roles,
    audience: entry.audience,
    purpose: entry.purpose,
    legalBasis: entry.legalBasis,
    operationName: entry.operation.name,
    documentId: entry.operation.documentId,
    policyVersion: entry.policy.version,
    sets: entry.sets,
    subjects: entry.subjects,
    action: entry.action ?? null,
  }
}
