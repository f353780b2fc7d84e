import { eventCategory } from '../../domain/privacy/event-category.ts'
import type { ExpiredData, Expiry, ExpiryCount } from '../../domain/profiles/expired-data.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Clock, type Instant, isoInstant } from '../../kernel/time.ts'
import type { Database, Queryable } from './database.ts'
import { recount } from './ingest-events.ts'
import { lockPeople } from './ingest-identities.ts'
import type { ProfileRebuild } from './profile-rebuild.ts'

const OLD_EVENTS = 'received_at < $1 AND name = ANY ($2::text[])'
const OLD_PROPERTIES = 'received_at < $1 AND properties ?| $2::text[]'
const OLD_RECORDS = 'received_at < $1 AND (traits ?| $2::text[] OR sealed ?| $3::text[])'

/** One expiry as statements take it. */
interface Bounds {
  readonly before: string
  readonly names: readonly string[]
  readonly traits: readonly string[]
  readonly sealed: readonly string[]
}

export class PostgresExpiredData implements ExpiredData {
  readonly #database: Database
  readonly #rebuild: ProfileRebuild
  readonly #clock: Clock

  constructor(database: Database, rebuild: ProfileRebuild, clock: Clock) {
    this.#database = database
    this.#rebuild = rebuild
    this.#clock = clock
  }

  async count(expiries: readonly Expiry[]): Promise<readonly ExpiryCount[]> {
    const counts: ExpiryCount[] = []
    for (const [at, bounds] of (await this.#bounds(expiries)).entries()) {
      const { before, names, traits } = bounds
      const events = await this.#counted(
        'event WHERE received_at < $1 AND (name = ANY ($2::text[]) OR properties ?| $3::text[])',
        [before, names, traits],
      )
      const records = await this.#counted(`record WHERE ${OLD_RECORDS}`, valuesOf(bounds))
      counts.push({ category: expiries[at]?.category ?? '', events, records })
    }
    return counts
  }

  async countQuarantined(before: Instant): Promise<number> {
    return await this.#counted('quarantine WHERE received_at < $1', [isoInstant(before)])
  }

  async remove(expiries: readonly Expiry[], limit: number): Promise<number> {
    const prepared = await this.#rebuild.prepare()
    const all = await this.#bounds(expiries)
    return await this.#database.transaction(async (tx) => {
      const homes = new Set<SubjectId>()
      for (const bounds of all)
        for (const home of await homesOf(tx, bounds, limit - homes.size)) homes.add(home)
      if (homes.size === 0) return 0
      const concerned = [...homes]
      await lockPeople(tx, concerned)
      for (const bounds of all) await removeFrom(tx, bounds, concerned)
      await recount(tx, concerned)
      const now = this.#clock.now()
      const scope = {
        tx,
        now,
        prepared,
        vault: this.#rebuild.newVault(),
        tallies: new Map(),
        countersOnly: () => false,
      }
      await this.#rebuild.within(scope, concerned)
      return homes.size
    })
  }

  async removeQuarantined(before: Instant): Promise<number> {
    const rows = await this.#database.query(
      'DELETE FROM quarantine WHERE received_at < $1 RETURNING 1',
      [isoInstant(before)],
    )
    return rows.length
  }

  /** An event has the category of its name, which only the names that occur can tell. */
  async #bounds(expiries: readonly Expiry[]): Promise<readonly Bounds[]> {
    const names = await this.#database.query<{ name: string }>('SELECT DISTINCT name FROM event')
    return expiries.map(({ category, before, traits, sealed }) => ({
      before: isoInstant(before),
      names: names.flatMap(({ name }) => (eventCategory(name) === category ? [name] : [])),
      traits,
      sealed: sealed ? [category] : [],
    }))
  }

  async #counted(from: string, values: readonly unknown[]): Promise<number> {
    const [row] = await this.#database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${from}`,
      values,
    )
    return row?.n ?? 0
  }
}

const valuesOf = ({ before, traits, sealed }: Bounds) => [before, traits, sealed]

async function homesOf(tx: Queryable, bounds: Bounds, limit: number): Promise<SubjectId[]> {
  if (limit <= 0) return []
  const rows = await tx.query<{ home: SubjectId }>(
    `SELECT home_id AS home FROM event WHERE ${OLD_EVENTS}
     UNION SELECT home_id FROM event WHERE received_at < $1 AND properties ?| $3::text[]
     UNION SELECT home_id FROM record WHERE received_at < $1 AND (traits ?| $3::text[] OR sealed ?| $4::text[])
     LIMIT $5`,
    [bounds.before, bounds.names, bounds.traits, bounds.sealed, limit],
  )
  return rows.map(({ home }) => home)
}

async function removeFrom(
  tx: Queryable,
  bounds: Bounds,
  homes: readonly SubjectId[],
): Promise<void> {
  const { before, names, traits } = bounds
  await tx.query(`DELETE FROM event WHERE ${OLD_EVENTS} AND home_id = ANY ($3::uuid[])`, [
    before,
    names,
    homes,
  ])
  await tx.query(
    `UPDATE event SET properties = properties - $2::text[]
     WHERE ${OLD_PROPERTIES} AND home_id = ANY ($3::uuid[])`,
    [before, traits, homes],
  )
  await tx.query(
    `UPDATE record SET traits = traits - $2::text[], sealed = sealed - $3::text[]
     WHERE ${OLD_RECORDS} AND home_id = ANY ($4::uuid[])`,
    [...valuesOf(bounds), homes],
  )
}
