/** (a2) Written by hand like (a), on one wide row per person with the columns of Bauta's read model, nothing sealed. */
import Fastify from 'fastify'
import { pool } from './sources.mjs'

const names = async (text) =>
  new Map((await pool.query(text)).rows.map(({ key, name }) => [key, name]))
const segments = await names('SELECT key, name FROM peer.segment')
const titles = await names('SELECT id AS key, title AS name FROM peer.item')

const shape = (row) => ({
  id: row.id,
  ...(row.contact && { contact: row.contact }),
  demographics: row.demographics,
  account: row.account,
  activity: {
    sessionCount: row.activity.sessionCount,
    lastSeenAt: new Date(row.activity.lastSeenAt),
    onboardingStep: row.activity.onboardingStep,
    device: row.activity.device,
  },
  commerce: { ...row.commerce, lastOrderAt: new Date(row.commerce.lastOrderAt) },
  segments: row.segments.map((key) => ({ key, name: segments.get(key) })),
  recommendations: {
    recommendations: row.recommendations.map(([itemId, score]) => ({
      item: { itemId, title: titles.get(itemId) },
      score,
    })),
  },
})

const app = Fastify()
for (const contact of [false, true]) {
  const columns = `id, ${contact ? 'contact, ' : ''}demographics, account, activity, commerce, segments, recommendations`
  const text = `SELECT ${columns} FROM peer.wide WHERE id = ANY($1::uuid[])`
  const name = contact ? 'with-contact' : 'plain'
  app.post(contact ? '/profiles/contact' : '/profiles', async ({ body: { ids } }) => {
    const { rows } = await pool.query({ name, text, values: [ids] })
    const byId = new Map(rows.map((row) => [row.id, row]))
    return { data: { profiles: ids.map((id) => shape(byId.get(id))) } }
  })
}
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
