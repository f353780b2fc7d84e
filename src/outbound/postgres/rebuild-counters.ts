import type { PlainColumn, PlainGroups } from '../../domain/profiles/read-model.ts'
import type { Tally } from '../../domain/profiles/tally.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Queryable } from './database.ts'

/** What counters don't change of a row, and the counters of all homes of the person. */
export interface CountedPerson {
  readonly groups: PlainGroups
  readonly consentState: string
  readonly tallies: Tally[]
}

/** Columns of which counters and rules need the values. */
const GROUPS: readonly PlainColumn[] = [
  'demographics',
  'location',
  'account',
  'activity',
  'device',
  'custom',
]

/**
 * Those of these people whose rows hold at this instant but for their counters. They need no records, no vault and no
 * consent to be composed again, which is most of the work. Time may have changed the others: their consent or age band.
 * @param counted counters by home that need no reading.
 */
export async function loadCounted(
  tx: Queryable,
  roots: readonly SubjectId[],
  rootOf: ReadonlyMap<SubjectId, SubjectId>,
  counted: ReadonlyMap<SubjectId, Tally>,
  now: Instant,
): Promise<ReadonlyMap<SubjectId, CountedPerson>> {
  if (roots.length === 0) return new Map()
  const rows = await tx.query<PlainGroups & { root: SubjectId; state: string }>(
    `SELECT r.subject_id AS root, s.state, ${GROUPS.map((name) => `r.${name}`).join(', ')}
     FROM read_model r JOIN consent_state s ON s.id = r.consent_id
     WHERE r.subject_id = ANY ($1::uuid[]) AND (r.consent_until IS NULL OR r.consent_until > $2::timestamptz)`,
    [roots, isoInstant(now)],
  )
  const year = new Date(now).getUTCFullYear()
  const people = new Map<SubjectId, CountedPerson>()
  for (const { root, state, ...groups } of rows)
    if (year < (groups.demographics.ageBand?.untilYear ?? Number.POSITIVE_INFINITY))
      people.set(root, { groups, consentState: state, tallies: [] })
  const others = await tx.query<{ root: SubjectId; tally: Tally }>(
    `SELECT s.root_id AS root, t.tally FROM subject s JOIN tally t ON t.home_id = s.id
     WHERE s.root_id = ANY ($1::uuid[]) AND t.home_id <> ALL ($2::uuid[])`,
    [[...people.keys()], [...counted.keys()]],
  )
  for (const { root, tally } of others) people.get(root)?.tallies.push(tally)
  for (const [home, tally] of counted) people.get(rootOf.get(home) ?? '')?.tallies.push(tally)
  return people
}
