import type { AskedSet, CountedSet, CountedSets } from '../../domain/segments/counted-sets.ts'
import type { SegmentRule } from '../../domain/segments/rule.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Database, Queryable } from './database.ts'
import { type Bind, memberSql } from './segment-sql.ts'

interface StoredSet {
  digest: Buffer
  rule: SegmentRule
  consent_ids: number[]
  count: string
  as_of: Date
}

type People = Pick<AskedSet, 'rule' | 'permittedStates'>

/**
 * Rules are kept, not people: sets are compared as they are now, and only with those whose size is near (of two sets
 * whose sizes differ by n, at least n people are in one of them only).
 */
export class PostgresCountedSets implements CountedSets {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async count(asked: AskedSet): Promise<CountedSet> {
    const [known] = await this.#database.query<StoredSet>(
      `SELECT digest, rule, consent_ids, count, as_of FROM counted_set
       WHERE client_id = $1 AND day = $2 AND digest = $3`,
      [asked.clientId, asked.day, asked.digest],
      'counted-set',
    )
    if (known) return answerOf(known)
    return await this.#database.transaction(async (tx) => {
      // One at a time per client: two sets that are asked at once are compared with each other too.
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `counted_set ${asked.clientId}`,
      ])
      const earlier = await tx.query<StoredSet>(
        `SELECT digest, rule, consent_ids, count, as_of FROM counted_set
         WHERE client_id = $1 AND day = $2 ORDER BY as_of, digest`,
        [asked.clientId, asked.day],
      )
      const same = earlier.find(({ digest }) => digest.equals(asked.digest))
      if (same) return answerOf(same)
      if (earlier.length >= asked.perDay)
        throw new Refusal(
          'BUDGET_EXHAUSTED',
          'This client had as many different sets counted today as it may.',
        )
      const count = await countOf(tx, asked)
      const near = await nearest(
        tx,
        asked,
        earlier.filter((one) => Math.abs(Number(one.count) - count) < asked.fewest),
      )
      if (near) return answerOf(near)
      await remember(tx, asked, count)
      return { count, asOf: asked.now }
    })
  }
}

/** The first of these that differs from the set by too few people. */
async function nearest(
  tx: Queryable,
  asked: AskedSet,
  candidates: readonly StoredSet[],
): Promise<StoredSet | undefined> {
  if (candidates.length === 0) return undefined
  const values: unknown[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  const own = isIn(asked, asked.now, bind)
  const columns = candidates.map((one, index) => {
    const other = isIn({ rule: one.rule, permittedStates: one.consent_ids }, asked.now, bind)
    return `count(*) FILTER (WHERE ${own} <> ${other}) AS c${index}`
  })
  const [row] = await tx.query<Record<string, string>>(
    `SELECT ${columns.join(', ')} FROM features f`,
    values,
  )
  return candidates.find((_, index) => Number(row?.[`c${index}`]) < asked.fewest)
}

async function countOf(tx: Queryable, asked: AskedSet): Promise<number> {
  const values: unknown[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  const [row] = await tx.query<{ count: string }>(
    `SELECT count(*) AS count FROM features f WHERE ${isIn(asked, asked.now, bind)}`,
    values,
  )
  return Number(row?.count)
}

async function remember(tx: Queryable, asked: AskedSet, count: number): Promise<void> {
  const { clientId, day, digest, rule, permittedStates, now } = asked
  await tx.query(
    `WITH forgotten AS (DELETE FROM counted_set WHERE client_id = $1 AND day < $2)
     INSERT INTO counted_set (client_id, day, digest, rule, consent_ids, count, as_of)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [clientId, day, digest, JSON.stringify(rule), permittedStates, count, isoInstant(now)],
  )
}

/** A condition over the row `f` of `features`, never null: whether somebody is counted. */
function isIn({ rule, permittedStates }: People, now: Instant, bind: Bind): string {
  return `(${memberSql(rule, now, bind)} AND f.consent_id = ANY (${bind(permittedStates)}::int[])
    AND coalesce(f.consent_until > ${bind(isoInstant(now))}::timestamptz, true))`
}

const answerOf = ({ count, as_of }: StoredSet): CountedSet => ({
  count: Number(count),
  asOf: as_of.getTime(),
})
