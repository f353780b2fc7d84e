/**
 * Fills Bauta's own tables with the same people: through its own migrations, key store, sealing, consent compiler and
 * pseudonyms, but with COPY straight into the read model. Ingest would take the better part of an hour for people who
 * need exactly three memberships and ten recommendations each, and a read does not see how its row came to be.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { items, personOf, RECOMMENDATIONS, segments } from './dataset.mjs'
import { copy } from './seed-peers.mjs'

const root = new URL('..', import.meta.url).pathname
const data = new URL('.data/', import.meta.url).pathname
const source = (path) => import(new URL(`../dist/src/${path}.js`, import.meta.url).href)
const randomness = { bytes: (length) => randomBytes(length) }
const clock = { now: () => Date.now() }

const AUDIENCE = 'bench'
const PURPOSE = 'BENCHMARK'
const ROLE = 'reader'
const SCOPES = [
  'profile:read',
  'profile:contact',
  'profile:search',
  'segments:read',
  'recommendations:read',
]

/** Settings with which the gateway is started on this data. */
export function environment(databaseUrl) {
  return {
    BAUTA_MODE: 'production',
    DATABASE_URL: databaseUrl,
    BAUTA_DATA_DIR: join(data, 'bauta'),
    BAUTA_POLICY_DIR: join(data, 'policy'),
    BAUTA_MASTER_KEY_FILE: join(data, 'bauta/keys/master.key'),
    BAUTA_LOG_LEVEL: 'error',
    // One client asks as fast as it can.
    BAUTA_REQUESTS_PER_MINUTE: '1000000000',
    BAUTA_COST_PER_MINUTE: '1000000000',
  }
}

/** @returns the token of a caller who may see everything, and a function from internal id to that caller's pseudonym. */
export async function seedBauta(client, databaseUrl, people) {
  const marker = join(data, 'bauta/seeded.json')
  const wanted = { people, segments: segments.length, recommendations: RECOMMENDATIONS }
  const found = existsSync(marker) ? JSON.parse(readFileSync(marker, 'utf8')) : null
  const there =
    found &&
    JSON.stringify(found.wanted) === JSON.stringify(wanted) &&
    (await countPeople(client)) === people
  const token = there ? found.token : await seedAnew(client, databaseUrl, people)
  // A fit in the middle of a measurement would disturb it, and replace the lists that the answers are compared by.
  await client.query('UPDATE recommender_model SET fitted_at = now()')
  if (!there) writeFileSync(marker, JSON.stringify({ wanted, token }), { mode: 0o600 })
  const { Audiences } = await source('gateway/scope/audiences')
  const pseudonyms = new Audiences(await openKeys(false)).of(AUDIENCE)
  return { token, pseudonymOf: (id) => pseudonyms.of(id), seeded: !there }
}

async function countPeople(client) {
  const { rows } = await client.query(
    `SELECT to_regclass('public.read_model') IS NOT NULL AS there`,
  )
  if (!rows[0].there) return 0
  return (await client.query('SELECT count(*)::int AS people FROM read_model')).rows[0].people
}

async function openKeys(mayCreate) {
  const { FileKeyStore } = await source('outbound/keys/file-key-store')
  const { openMasterKey } = await source('outbound/keys/master-key')
  const dir = join(data, 'bauta/keys')
  const master = await openMasterKey({ kind: 'create', path: join(dir, 'master.key') }, randomness)
  return await FileKeyStore.open({ dir, master, randomness, clock, mayCreate })
}

async function seedAnew(client, databaseUrl, people) {
  rmSync(join(data, 'bauta'), { recursive: true, force: true })
  mkdirSync(join(data, 'bauta'), { recursive: true, mode: 0o700 })
  writePolicy()
  await migrate(client, databaseUrl)
  const keys = await openKeys(true)
  const model = await seedCatalogue(client)
  const consents = await seedConsents(client)
  for (let from = 0; from < people; from += 10_000) {
    const group = Array.from({ length: Math.min(10_000, people - from) }, (_, index) =>
      personOf(from + index),
    )
    await keys.create(group.map(({ id }) => id))
    await copy(
      client,
      'subject',
      group.map(({ id }) => [id, id, 'person', new Date().toISOString()]),
    )
    await copy(
      client,
      `read_model (${COLUMNS.join()})`,
      await readRows(group, keys, consents, model),
    )
  }
  await client.query('VACUUM ANALYZE')
  return await seedCaller(client)
}

/** The project's tables and one role and purpose more, which see and cover everything: what the peers do, decided. */
function writePolicy() {
  const folder = join(data, 'policy')
  cpSync(join(root, 'policy'), folder, { recursive: true })
  const roles = readFileSync(join(folder, 'roles.csv'), 'utf8').trim().split('\n')
  const seen = ({ 0: category }) =>
    ({
      category: ROLE,
      'user.unique_id.internal': 'WITHHELD',
      'user.unique_id.pseudonym': 'PSEUDONYM',
    })[category] ?? 'CLEAR'
  writeFileSync(
    join(folder, 'roles.csv'),
    `${roles.map((row) => `${row},${seen(row.split(','))}`).join('\n')}\n`,
  )
  const purposes = readFileSync(join(folder, 'purposes.csv'), 'utf8').trim()
  const more = [
    PURPOSE,
    'benchmark.read',
    'dpv:ServicePersonalisation',
    'consent',
    'no',
    'opt_in',
    'opt_in',
    '',
    ROLE,
    'user',
  ]
  writeFileSync(join(folder, 'purposes.csv'), `${purposes}\n${more.join()}\n`)
}

async function migrate(client, databaseUrl) {
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  const { openDatabase } = await source('outbound/postgres/connect')
  const { migrate } = await source('outbound/postgres/migrate')
  const opened = await openDatabase({ url: databaseUrl, dataDir: join(data, 'bauta') })
  await migrate(opened.dataSource, () => {})
  await opened.close()
}

/** Rules over four kinds of input, so that the decision about a membership is not the same for all. */
const RULES = [
  [{ field: 'sessionCount', is: '>=', value: 5 }, 'user.behavior.activity'],
  [{ field: 'totalValue', is: '>=', value: 100 }, 'user.behavior.purchase_history'],
  [{ field: 'country', is: '=', value: 'DE' }, 'user.location.country'],
  [{ field: 'plan', is: '=', value: 'pro' }, 'user.account.plan'],
]

async function seedCatalogue(client) {
  const now = new Date().toISOString()
  for (const [index, { key, name }] of segments.entries()) {
    const [rule, category] = RULES[index % RULES.length]
    await client.query(
      `INSERT INTO segment (key, name, description, rule, categories, created_at, updated_at)
       VALUES ($1, $2, '', $3, $4, $5, $5)`,
      [key, name, rule, [category], now],
    )
  }
  await copy(
    client,
    'item (id, title, category, price, available, attributes, updated_at)',
    items.map(({ id, title, category, price }) => [id, title, category, price, true, '{}', now]),
  )
  const popular = JSON.stringify(items.map(({ id }, rank) => [id, items.length - rank]))
  const text = 'INSERT INTO recommender_model (fitted_at, popular) VALUES ($1, $2) RETURNING id'
  return (await client.query(text, [now, popular])).rows[0].id
}

const CONSENTED = [PURPOSE, 'PERSONALIZATION', 'ANALYTICS', 'MARKETING', 'PROFILING']

/** One state per country: consent to everything, for good. */
async function seedConsents(client) {
  const { compileConsent } = await source('domain/privacy/consent')
  const known = new Map()
  return async (country) => {
    const records = CONSENTED.map((purpose) => ({
      id: randomUUID(),
      purpose,
      categories: null,
      recipient: null,
      state: 'ConsentGiven',
      jurisdiction: country,
      effectiveAt: Date.UTC(2025, 0, 1),
      expiresAt: null,
      recordedAt: Date.UTC(2025, 0, 1),
      source: 'record',
    }))
    const compiled = compileConsent([records], country, Date.now())
    if (!known.has(compiled.state)) {
      const text = 'INSERT INTO consent_state (state) VALUES ($1) RETURNING id'
      known.set(compiled.state, (await client.query(text, [compiled.state])).rows[0].id)
    }
    return { id: known.get(compiled.state), later: compiled.later, records: compiled.records }
  }
}

const SEALED = {
  sealed_name: ['user.name', 'name'],
  sealed_email: ['user.contact.email', 'email'],
  sealed_phone: ['user.contact.phone', 'phone'],
  sealed_address: ['user.contact.address', 'address'],
}
const COLUMNS = [
  ...[
    'subject_id',
    'kind',
    'consent_id',
    'consent_later',
    'consent_records',
    'segment_keys',
    'memberships',
  ],
  ...[
    'demographics',
    'location',
    'account',
    'activity',
    'device',
    'commerce',
    'custom',
    'interactions',
  ],
  ...['recommended', 'lineage', ...Object.keys(SEALED), 'sealed_more', 'updated_at'],
]

async function readRows(group, keys, consents, model) {
  const { seal } = await source('domain/privacy/seal')
  const rows = []
  for (const { id, contact, demographics, account, activity, commerce, ...derived } of group) {
    const consent = await consents(demographics.country)
    const { country, city, ageBand, ...others } = demographics
    const { device, ...seen } = activity
    const lineage = {
      origins: [['crm', id, seen.lastSeenAt, seen.lastSeenAt]],
      traits: Object.fromEntries(
        ['name', 'email', 'phone', 'address', 'plan', 'country', 'city'].map((key) => [
          key,
          [0, 'priority'],
        ]),
      ),
    }
    const recommended = derived.recommendations.map(({ item, score }) => [
      item.id,
      score,
      items[0].id,
    ])
    const dataKey = keys.dataKeyOf(id)
    rows.push([
      id,
      'person',
      consent.id,
      JSON.stringify(consent.later),
      JSON.stringify(consent.records),
      `{${derived.segments.map(({ key }) => key)}}`,
      JSON.stringify(Object.fromEntries(derived.segments.map(({ key }) => [key, [true, null]]))),
      JSON.stringify({ ...others, ageBand: { band: ageBand, untilYear: null } }),
      JSON.stringify({ country, city }),
      JSON.stringify(withoutNull(account)),
      JSON.stringify({ ...seen, eventCounts: { 'Session Started': seen.sessionCount } }),
      JSON.stringify({ device }),
      JSON.stringify(commerce),
      '{}',
      JSON.stringify(recommended.map(([itemId]) => [itemId, 1, 0, seen.lastSeenAt])),
      JSON.stringify({ activity: recommended, full: recommended, model }),
      JSON.stringify(lineage),
      ...Object.values(SEALED).map(([category, key]) =>
        seal(dataKey, [id, category], JSON.stringify({ [key]: contact[key] }), randomness),
      ),
      '{}',
      new Date().toISOString(),
    ])
  }
  return rows
}

const withoutNull = (group) =>
  Object.fromEntries(Object.entries(group).filter(([, value]) => value !== null))

async function seedCaller(client) {
  const { apiKeyHash, newApiKey } = await source('domain/access/api-key')
  const token = newApiKey(randomness)
  const now = new Date().toISOString()
  await client.query(
    `INSERT INTO client (id, name, roles, audience, scopes, purposes, default_purpose, adhoc, origins, created_at)
     VALUES ('bench', 'The benchmark', $1, $2, $3, $4, $5, true, '{}', $6)`,
    [[ROLE], AUDIENCE, SCOPES, [PURPOSE], PURPOSE, now],
  )
  const text = `INSERT INTO access_token (id, hash, client_id, created_at) VALUES ($1, $2, 'bench', $3)`
  await client.query(text, [randomUUID(), apiKeyHash(token), now])
  return token
}
