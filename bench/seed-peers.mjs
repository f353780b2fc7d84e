/** Fills the peers' schema: one table per source, as a team without a gateway would have them, and one wide row. */
import { once } from 'node:events'
import { from as copyFrom } from 'pg-copy-streams'
import { items, personOf, segments } from './dataset.mjs'

const SCHEMA = `
  DROP SCHEMA IF EXISTS peer CASCADE;
  CREATE SCHEMA peer;
  CREATE TABLE peer.profile (id uuid PRIMARY KEY, age_band text, gender text, country text, city text, language text);
  CREATE TABLE peer.crm (subject_id uuid PRIMARY KEY REFERENCES peer.profile, name text, email text, phone text,
    address text, plan text, lifecycle_stage text, company text, customer_since date);
  CREATE TABLE peer.analytics (subject_id uuid PRIMARY KEY REFERENCES peer.profile, session_count integer,
    first_seen_at timestamptz, last_seen_at timestamptz, onboarding_step text, device text);
  CREATE TABLE peer.commerce (subject_id uuid PRIMARY KEY REFERENCES peer.profile, order_count integer,
    total_value double precision, last_order_at timestamptz, favourite_categories text[]);
  CREATE TABLE peer.segment (key text PRIMARY KEY, name text NOT NULL);
  CREATE TABLE peer.membership (subject_id uuid REFERENCES peer.profile, segment_key text REFERENCES peer.segment,
    PRIMARY KEY (subject_id, segment_key));
  CREATE TABLE peer.item (id text PRIMARY KEY, title text NOT NULL, category text, price double precision);
  CREATE TABLE peer.recommendation (subject_id uuid REFERENCES peer.profile, rank integer,
    item_id text REFERENCES peer.item, score double precision, PRIMARY KEY (subject_id, rank));
  CREATE TABLE peer.wide (id uuid PRIMARY KEY, contact jsonb, demographics jsonb, account jsonb, activity jsonb,
    commerce jsonb, segments jsonb, recommendations jsonb);
  CREATE FUNCTION peer.profiles_by_ids(ids uuid[]) RETURNS SETOF peer.profile LANGUAGE sql STABLE AS
    'SELECT profile.* FROM peer.profile JOIN unnest(ids) WITH ORDINALITY AS asked(id, place) USING (id) ORDER BY place';
  CREATE TABLE peer.seeded (people integer NOT NULL);
`
const instant = (milliseconds) => new Date(milliseconds).toISOString()

/** Table -> rows of one person. */
const tables = {
  profile: ({ id, demographics: d }) => [[id, d.ageBand, d.gender, d.country, d.city, d.language]],
  crm: ({ id, contact: c, account: a }) => [
    [id, c.name, c.email, c.phone, c.address, a.plan, a.lifecycleStage, a.company, a.customerSince],
  ],
  analytics: ({ id, activity: a }) => [
    [id, a.sessionCount, instant(a.firstSeenAt), instant(a.lastSeenAt), a.onboardingStep, a.device],
  ],
  commerce: ({ id, commerce: c }) => [
    [
      id,
      c.orderCount,
      c.totalValue,
      instant(c.lastOrderAt),
      `{${c.favouriteCategories.map((one) => `"${one}"`)}}`,
    ],
  ],
  membership: ({ id, segments }) => segments.map(({ key }) => [id, key]),
  recommendation: ({ id, recommendations }) =>
    recommendations.map(({ item, score }, rank) => [id, rank, item.id, score]),
  wide: ({ id, ...groups }) => [
    [
      id,
      JSON.stringify(groups.contact),
      JSON.stringify(groups.demographics),
      JSON.stringify(groups.account),
      JSON.stringify(groups.activity),
      JSON.stringify(groups.commerce),
      JSON.stringify(groups.segments.map(({ key }) => key)),
      JSON.stringify(groups.recommendations.map(({ item, score }) => [item.id, score])),
    ],
  ],
}

/** @param client a connected pg client */
export async function seedPeers(client, people) {
  if (await alreadySeeded(client, people)) return false
  await client.query(SCHEMA)
  await copy(
    client,
    'peer.segment',
    segments.map(({ key, name }) => [key, name]),
  )
  await copy(
    client,
    'peer.item',
    items.map(({ id, title, category, price }) => [id, title, category, price]),
  )
  for (const [table, rowsOf] of Object.entries(tables))
    await copy(client, `peer.${table}`, everybody(people, rowsOf))
  await client.query('INSERT INTO peer.seeded VALUES ($1)', [people])
  await client.query('ANALYZE')
  return true
}

async function alreadySeeded(client, people) {
  const found = await client.query(`SELECT to_regclass('peer.seeded') IS NOT NULL AS there`)
  if (!found.rows[0].there) return false
  return (await client.query('SELECT 1 FROM peer.seeded WHERE people = $1', [people])).rowCount > 0
}

function* everybody(people, rowsOf) {
  for (let number = 0; number < people; number++) yield* rowsOf(personOf(number))
}

/** COPY of rows of scalars; null is null. */
export async function copy(client, table, rows) {
  const stream = client.query(copyFrom(`COPY ${table} FROM STDIN`))
  let buffer = []
  for (const row of rows) {
    buffer.push(row.map(field).join('\t'))
    if (buffer.length < 2_000) continue
    if (!stream.write(`${buffer.join('\n')}\n`)) await once(stream, 'drain')
    buffer = []
  }
  stream.end(buffer.length > 0 ? `${buffer.join('\n')}\n` : '')
  await once(stream, 'finish')
}

function field(value) {
  if (value === null || value === undefined) return '\\N'
  if (Buffer.isBuffer(value)) return `\\\\x${value.toString('hex')}`
  return String(value).replace(
    /[\\\t\n\r]/g,
    (one) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[one],
  )
}
