import { Refusal } from '../../kernel/refusal.ts'
import type { Database, Queryable } from './database.ts'

/** The interned consent states, remembered. The table only grows and few distinct states exist. */
export class ConsentStates {
  readonly #database: Database
  #known: ReadonlyMap<number, string> = new Map()

  constructor(database: Database) {
    this.#database = database
  }

  /** All states that exist now. The same map while none was added. */
  async all(): Promise<ReadonlyMap<number, string>> {
    const [row] = await this.#database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM consent_state',
      [],
      'consent-state-count',
    )
    if (row?.count !== this.#known.size) await this.#reload()
    return this.#known
  }

  /** A map that holds at least these ids. */
  async holding(ids: Iterable<number>): Promise<ReadonlyMap<number, string>> {
    for (const id of ids) {
      if (this.#known.has(id)) continue
      await this.#reload()
      break
    }
    return this.#known
  }

  async #reload(): Promise<void> {
    const rows = await this.#database.query<{ id: number; state: string }>(
      'SELECT id, state FROM consent_state',
      [],
      'consent-states',
    )
    this.#known = new Map(rows.map(({ id, state }) => [id, state]))
  }
}

/** @throws Refusal INTERNAL for an id that was never interned: nothing may be decided on a guess. */
export function stateOf(states: ReadonlyMap<number, string>, id: number): string {
  const state = states.get(id)
  if (state === undefined) throw new Refusal('INTERNAL', 'A consent state is missing.')
  return state
}

/** Ids of these states, adding those that are new. */
export async function internConsentStates(
  queryable: Queryable,
  states: readonly string[],
): Promise<Map<string, number>> {
  // Sorted, so that two gateways that add the same states can't wait for each other crosswise.
  const distinct = [...new Set(states)].sort()
  const known = await idsOf(queryable, distinct)
  const added = distinct.filter((state) => !known.has(state))
  if (added.length === 0) return known
  await queryable.query(
    `INSERT INTO consent_state (state) SELECT state FROM unnest($1::text[]) AS wanted (state)
     ON CONFLICT (state) DO NOTHING`,
    [added],
    'consent-states-intern',
  )
  return await idsOf(queryable, distinct)
}

async function idsOf(
  queryable: Queryable,
  states: readonly string[],
): Promise<Map<string, number>> {
  const rows = await queryable.query<{ id: number; state: string }>(
    'SELECT id, state FROM consent_state WHERE state = ANY($1::text[])',
    [states],
    'consent-states-by-text',
  )
  return new Map(rows.map(({ id, state }) => [state, id]))
}
