import { Arg, Args, Ctx, Query, Resolver } from 'type-graphql'
import type { TrailEntry } from '../../gateway/attest/audit-trail.ts'
import type { Volumes } from '../../gateway/attest/audit-volumes.ts'
import { AuditEntryConnection } from './audit.type.ts'
import { AuditDimension, AuditStatistics } from './audit-statistics.type.ts'
import type { Connection } from './connection.ts'
import { Needs, Paged } from './directives.ts'
import type { Doors } from './doors.ts'
import { AuditFilter } from './inputs.type.ts'
import { PageArgs } from './page.args.ts'
import { DateTime } from './scalars.ts'

const TRAIL = ['audit-trail']
const HASHED = ['audit-hash']
const DEFAULT_PAGE = 20
const TOLD_APART = [AuditDimension.ACTOR, AuditDimension.PURPOSE]

@Resolver()
export class AuditResolver {
  @Needs('audit:read')
  @Paged(20)
  @Query(() => AuditEntryConnection, {
    description:
      'The trail, newest first, at most 200 a page. For compliance; reading it is an entry itself.',
  })
  async auditTrail(
    @Ctx() { attest, scope, desk }: Doors,
    @Arg('filter', () => AuditFilter, { nullable: true, description: 'Which entries.' })
    filter: AuditFilter | null,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Connection<ReturnType<typeof auditNode>>> {
    const asked = pageAt(TRAIL, desk, page)
    const pseudonyms = desk.pseudonymsOf(scope.grant.audience)
    const found = await attest.trail.entries(scope, pseudonyms, filter ?? {}, asked)
    return connectionOf(TRAIL, desk, asked, found)
  }

  @Needs('audit:read')
  @Paged(20)
  @Query(() => AuditEntryConnection, {
    description:
      'Entries whose arguments held a known value, though the trail holds none: a value of the last 30 days, an identifier as long as its person is known, a pseudonym by its person. For compliance alone, 100 searches a day; each is an entry. At most 200 a page.',
  })
  async auditHash(
    @Ctx() { attest, scope, desk }: Doors,
    @Arg('value', () => String, { description: 'The value.' }) value: string,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Connection<ReturnType<typeof auditNode>>> {
    const asked = pageAt(HASHED, desk, page)
    return connectionOf(HASHED, desk, asked, await attest.hash.entries(scope, value, asked))
  }

  @Needs('audit:read')
  @Query(() => AuditStatistics, {
    description:
      'Who reads what, for which purpose, of how many people, in whole days; and which days were unusual.',
  })
  async auditStatistics(
    @Ctx() { attest, scope }: Doors,
    @Arg('from', () => DateTime, { description: 'At or after.' }) from: number,
    @Arg('to', () => DateTime, { description: 'Before; at most 366 days later.' }) to: number,
    @Arg('groupBy', () => [AuditDimension], {
      nullable: true,
      description: 'By what the volumes are told apart: by actor and purpose where it is not said.',
    })
    groupBy: AuditDimension[] | null,
  ): Promise<ReturnType<typeof statisticsOf>> {
    return statisticsOf(await attest.volumes.between(scope, { from, to }, groupBy ?? TOLD_APART))
  }
}

interface TrailPage {
  readonly first: number
  readonly before: number | null
}

function pageAt(
  list: readonly string[],
  { cursors }: Doors['desk'],
  { first, after }: PageArgs,
): TrailPage {
  const before = after == null ? null : (cursors.open(list, after) as number)
  return { first: first ?? DEFAULT_PAGE, before }
}

function connectionOf(
  list: readonly string[],
  { cursors }: Doors['desk'],
  { before }: TrailPage,
  { entries, more }: { entries: readonly TrailEntry[]; more: boolean },
): Connection<ReturnType<typeof auditNode>> {
  const edges = entries.map((one) => ({
    node: auditNode(one),
    cursor: cursors.seal(list, one.index),
  }))
  const pageInfo = {
    hasNextPage: more,
    hasPreviousPage: before !== null,
    startCursor: edges.at(0)?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  }
  return { edges, pageInfo }
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
    arguments: entry.args ?? [],
    action: entry.action ?? null,
  }
}

function statisticsOf({ from, to, groups, unusual }: Volumes) {
  return {
    from,
    to,
    unusual,
    groups: groups.map(({ by, entries, disclosures, listed, people }) => ({
      ...by,
      entries,
      disclosures,
      listed,
      people: people.count(),
    })),
  }
}
