/** One batched read per source, as a team would write them around a DataLoader. */
import DataLoader from 'dataloader'
import pg from 'pg'

// Dates are days, not instants at somebody's midnight.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)

export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  // As many as Bauta has by default.
  max: 16,
  // Left alone, the server plans the joined statement anew for every call, which takes longer than running it.
  options: '-c plan_cache_mode=force_generic_plan',
})
const prepared = (name, text) => async (ids) =>
  (await pool.query({ name, text, values: [ids] })).rows

const one = (read) => async (ids) => {
  const byId = new Map((await read(ids)).map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id) ?? null)
}
const many = (read) => async (ids) => {
  const byId = new Map(ids.map((id) => [id, []]))
  for (const row of await read(ids)) byId.get(row.id).push(row)
  return ids.map((id) => byId.get(id))
}

const reads = {
  profile: one(
    prepared(
      'profile',
      `SELECT id, age_band AS "ageBand", gender, country, city, language FROM peer.profile WHERE id = ANY($1::uuid[])`,
    ),
  ),
  crm: one(
    prepared(
      'crm',
      `SELECT subject_id AS id, name, email, phone, address, plan, lifecycle_stage AS "lifecycleStage", company,
              customer_since AS "customerSince"
       FROM peer.crm WHERE subject_id = ANY($1::uuid[])`,
    ),
  ),
  analytics: one(
    prepared(
      'analytics',
      `SELECT subject_id AS id, session_count AS "sessionCount", first_seen_at AS "firstSeenAt",
              last_seen_at AS "lastSeenAt", onboarding_step AS "onboardingStep", device
       FROM peer.analytics WHERE subject_id = ANY($1::uuid[])`,
    ),
  ),
  commerce: one(
    prepared(
      'commerce',
      `SELECT subject_id AS id, order_count AS "orderCount", total_value AS "totalValue",
              last_order_at AS "lastOrderAt", favourite_categories AS "favouriteCategories"
       FROM peer.commerce WHERE subject_id = ANY($1::uuid[])`,
    ),
  ),
  segments: many(
    prepared(
      'segments',
      `SELECT subject_id AS id, key, name FROM peer.membership JOIN peer.segment ON key = segment_key
       WHERE subject_id = ANY($1::uuid[]) ORDER BY subject_id, key`,
    ),
  ),
  recommendations: many(
    prepared(
      'recommendations',
      `SELECT subject_id AS id, item.id AS "itemId", title, score
       FROM peer.recommendation JOIN peer.item ON item.id = item_id
       WHERE subject_id = ANY($1::uuid[]) ORDER BY subject_id, rank`,
    ),
  ),
}

/** A fresh set of loaders for one request. */
export function loaders() {
  return Object.fromEntries(
    Object.entries(reads).map(([name, read]) => [name, new DataLoader(read)]),
  )
}
