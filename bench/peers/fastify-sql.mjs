/** (a) Written by hand for exactly these questions: Fastify and one joined statement. No GraphQL, no privacy. */
import Fastify from 'fastify'
import { pool } from './sources.mjs'

const statement = (contact) => `
  SELECT profile.id, age_band, gender, country, city, language, plan, lifecycle_stage, company, customer_since,
         ${contact ? 'crm.name, email, phone, address,' : ''}
         session_count, last_seen_at, onboarding_step, device, order_count, total_value, last_order_at,
         favourite_categories, segments, recommendations
  FROM peer.profile
  JOIN peer.crm ON crm.subject_id = profile.id
  JOIN peer.analytics ON analytics.subject_id = profile.id
  JOIN peer.commerce ON commerce.subject_id = profile.id
  CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('key', key, 'name', segment.name) ORDER BY key) AS segments
    FROM peer.membership JOIN peer.segment ON key = segment_key WHERE membership.subject_id = profile.id
  ) AS in_segments
  CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('item', json_build_object('itemId', item.id, 'title', title), 'score', score) ORDER BY rank)
      AS recommendations
    FROM peer.recommendation JOIN peer.item ON item.id = item_id WHERE recommendation.subject_id = profile.id
  ) AS recommended
  WHERE profile.id = ANY($1::uuid[])`

const shape = (contact) => (row) => ({
  id: row.id,
  ...(contact && {
    contact: { name: row.name, email: row.email, phone: row.phone, address: row.address },
  }),
  demographics: {
    ageBand: row.age_band,
    gender: row.gender,
    country: row.country,
    city: row.city,
    language: row.language,
  },
  account: {
    plan: row.plan,
    lifecycleStage: row.lifecycle_stage,
    company: row.company,
    customerSince: row.customer_since,
  },
  activity: {
    sessionCount: row.session_count,
    lastSeenAt: row.last_seen_at,
    onboardingStep: row.onboarding_step,
    device: row.device,
  },
  commerce: {
    orderCount: row.order_count,
    totalValue: row.total_value,
    lastOrderAt: row.last_order_at,
    favouriteCategories: row.favourite_categories,
  },
  segments: row.segments,
  recommendations: { recommendations: row.recommendations },
})

const app = Fastify()
for (const contact of [false, true]) {
  const text = statement(contact)
  const shaped = shape(contact)
  const name = contact ? 'with-contact' : 'plain'
  app.post(contact ? '/profiles/contact' : '/profiles', async ({ body: { ids } }) => {
    const { rows } = await pool.query({ name, text, values: [ids] })
    const byId = new Map(rows.map((row) => [row.id, row]))
    return { data: { profiles: ids.map((id) => shaped(byId.get(id))) } }
  })
}
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
