import {
  type FittedModel,
  FORGET_WITHIN,
  type RecommenderInput,
  type RecommenderModel,
  readyModel,
} from '../../domain/recommendations/recommender.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Database, Queryable } from './database.ts'

/** Rows of neighbours in one statement. */
const CHUNK = 500
/** The newest, and the one that a gateway may be reading while the newest is stored. */
const MODELS_KEPT = 2

/** Erasures that a model outlives unlawfully: they began after it was fitted, and before $1. */
const REMEMBERS_ERASED =
  'SELECT FROM erasure e WHERE e.begun_at > fitted_at AND e.begun_at <= $1::timestamptz'

/** The newest model; the one read before, where that is still it. */
export async function readModel(
  database: Queryable,
  previous: RecommenderModel | null,
  now: Instant,
): Promise<RecommenderModel | null> {
  const [newest] = await database.query<{ id: number }>(
    `SELECT id FROM (SELECT id, fitted_at FROM recommender_model ORDER BY id DESC LIMIT 1) newest
     WHERE NOT EXISTS (${REMEMBERS_ERASED})`,
    [isoInstant(now - FORGET_WITHIN)],
    'recommender-newest',
  )
  if (!newest || newest.id === previous?.id) return newest ? previous : null
  const [stored] = await database.query<{ fitted_at: Date; popular: FittedModel['popular'] }>(
    'SELECT fitted_at, popular FROM recommender_model WHERE id = $1',
    [newest.id],
  )
  if (!stored) return previous
  const rows = await database.query<{
    input: RecommenderInput
    item_id: string
    neighbours: [string, number][]
  }>('SELECT input, item_id, neighbours FROM recommender_neighbours WHERE model_id = $1', [
    newest.id,
  ])
  const of = (input: RecommenderInput) =>
    rows
      .filter((row) => row.input === input)
      .map(({ item_id, neighbours }) => [item_id, neighbours] as const)
  return readyModel(newest.id, {
    fittedAt: stored.fitted_at.getTime(),
    popular: stored.popular,
    neighbours: { activity: of('activity'), full: of('full') },
  })
}

/** @throws Refusal CONFLICT */
export async function writeModel(
  database: Database,
  model: FittedModel,
  now: Instant,
): Promise<number> {
  return await database.transaction(async (tx) => {
    const remembers = await tx.query(
      `SELECT FROM (SELECT $2::timestamptz AS fitted_at) own WHERE EXISTS (${REMEMBERS_ERASED})`,
      [isoInstant(now - FORGET_WITHIN), isoInstant(model.fittedAt)],
    )
    if (remembers.length > 0)
      throw new Refusal('CONFLICT', 'The model was fitted with somebody who was erased.')
    await tx.query(
      `UPDATE erasure SET refitted_at = $1::timestamptz
       WHERE refitted_at IS NULL AND begun_at <= $1::timestamptz`,
      [isoInstant(model.fittedAt)],
    )
    const [row] = await tx.query<{ id: number }>(
      'INSERT INTO recommender_model (fitted_at, popular) VALUES ($1, $2) RETURNING id',
      [isoInstant(model.fittedAt), JSON.stringify(model.popular)],
    )
    const id = row?.id ?? 0
    for (const input of ['activity', 'full'] as const)
      for (let start = 0; start < model.neighbours[input].length; start += CHUNK) {
        const rows = model.neighbours[input].slice(start, start + CHUNK)
        await tx.query(
          `INSERT INTO recommender_neighbours (model_id, input, item_id, neighbours)
           SELECT $1, $2, * FROM unnest($3::text[], $4::jsonb[])`,
          [
            id,
            input,
            rows.map(([itemId]) => itemId),
            rows.map(([, neighbours]) => JSON.stringify(neighbours)),
          ],
        )
      }
    const kept = `SELECT id FROM recommender_model ORDER BY id DESC LIMIT ${MODELS_KEPT}`
    await tx.query(`DELETE FROM recommender_neighbours WHERE model_id NOT IN (${kept})`)
    await tx.query(`DELETE FROM recommender_model WHERE id NOT IN (${kept})`)
    return id
  })
}
