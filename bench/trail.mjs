import { inScratchDatabase } from './scratch-database.mjs'

const source = (path) => import(new URL(`../dist/src/${path}.js`, import.meta.url).href)

/** A page of the trail may take so many milliseconds, whatever is asked. */
const TARGET = 50
const SAMPLES = 40
const PAGES = [20, 200]
const SECONDS_APART = 3
const STARTS = Date.parse('2025-01-01T00:00:00Z')
const DAY = 86_400_000

/** What entries have in common: 600 kinds, the first ones of most entries, the last ones of hardly any. */
const KINDS = 600
const FILL = [
  `INSERT INTO audit_kind (id, digest, client_id, audience, purpose, outcome, phase, fields)
   OVERRIDING SYSTEM VALUE SELECT k + 1, substring(sha256(k::text::bytea) FOR 16), 'client-' || k % 40, 'audience-' || k % 40,
     (ARRAY['SERVICE', 'MARKETING', 'ANALYTICS', 'PARTNER_SHARING', NULL])[1 + k % 5],
     CASE WHEN k % 9 = 8 THEN 'deny' ELSE 'permit' END, 'decision',
     ARRAY['id', 'field-' || k % 50, 'other-' || k % 31] || CASE WHEN k = 599 THEN ARRAY['contact.address'] ELSE '{}' END
   FROM generate_series(0, ${KINDS - 1}) AS k`,
  `INSERT INTO audit_index (log_index, kind, time, request_id)
   SELECT n, 1 + floor(${KINDS} * power(random(), 4)),
     to_timestamp(${STARTS / 1000} + n * ${SECONDS_APART} + random() * 20), 'request-' || lpad(n::text, 28, '0')
   FROM generate_series(0, $1::bigint - 1) AS n`,
  'CREATE INDEX audit_index_kind ON audit_index (kind, log_index)',
  'CREATE INDEX audit_index_request ON audit_index (request_id)',
  `INSERT INTO audit_span SELECT min(log_index), max(log_index), min(time), max(time) FROM audit_index
   GROUP BY log_index / 4096`,
  // Two people an entry out of a million, and one person of every fiftieth entry.
  `INSERT INTO audit_subject (ref, log_index, kind)
   SELECT ref, log_index, kind FROM (
     SELECT 'ref-' || floor(random() * 1000000) AS ref, log_index, kind FROM audit_index
     UNION ALL SELECT 'ref-' || floor(random() * 1000000), log_index, kind FROM audit_index
     UNION ALL SELECT 'everywhere', log_index, kind FROM audit_index WHERE log_index % 50 = 0
   ) AS named GROUP BY ref, log_index, kind ORDER BY ref, log_index`,
  `INSERT INTO audit_argument (hmac, log_index)
   SELECT hmac, log_index FROM (
     SELECT substring(sha256((log_index % 2000000)::text::bytea) FOR 16) AS hmac, log_index FROM audit_index
   ) AS given ORDER BY hmac, log_index`,
  `INSERT INTO audit_entry (log_index, entry_id, leaf, leaf_hash)
   SELECT n, lpad(to_hex(n), 32, '0')::uuid, leaf, sha256('\\x00'::bytea || leaf) FROM (
     SELECT n, convert_to('{"v":1,"n":' || n || ',"rest":"' || repeat('x', 200) || '"}', 'UTF8') AS leaf
     FROM generate_series(0, $1::bigint - 1) AS n) AS made`,
  `INSERT INTO audit_daily (day, kind, entries, disclosures, listed, people)
   SELECT day, kind, entries, 2 * entries, 0, people FROM (
     SELECT (time AT TIME ZONE 'UTC')::date AS day, kind, count(*) AS entries,
       substring(string_agg(substring(sha256(log_index::text::bytea) FOR 8), ''::bytea) FOR 4088) AS people
     FROM audit_index GROUP BY 1, 2) AS days`,
  'UPDATE audit_head SET size = $1',
]

const days = (from, to) => ({ from: STARTS + from * DAY, to: STARTS + to * DAY })
/** Each filter by itself, and together: such as fit most entries, hardly any, or none. */
const filters = {
  nothing: {},
  'time: a week': days(100, 107),
  'time: from': { from: STARTS + 200 * DAY },
  'actor of many': { clientId: 'client-0' },
  'actor of few': { clientId: 'client-39' },
  audience: { audience: 'audience-7' },
  purpose: { purpose: 'MARKETING' },
  outcome: { outcome: 'deny' },
  'field in all': { field: 'id' },
  'field in few': { field: 'contact.address' },
  'field in none': { field: 'nothing' },
  subject: { subjectRefs: ['ref-4711'] },
  'subject merged of three': { subjectRefs: ['ref-4711', 'ref-815', 'ref-12'] },
  'subject everywhere': { subjectRefs: ['everywhere'] },
  request: { requestId: `request-${'4711'.padStart(28, '0')}` },
  'actor and purpose': { clientId: 'client-3', purpose: 'PARTNER_SHARING' },
  'actor, purpose, outcome, field, a month': {
    clientId: 'client-0',
    purpose: 'SERVICE',
    outcome: 'permit',
    field: 'id',
    ...days(60, 90),
  },
  'few, a week long ago': { field: 'contact.address', ...days(3, 10) },
  'subject everywhere and field in few': {
    subjectRefs: ['everywhere'],
    field: 'contact.address',
  },
  'known value': { argumentHmacs: [Buffer.from('00'.repeat(16), 'hex')] },
}

/** Pages of the trail in a scratch database of its own. */
export async function trail({ databaseUrl, entries }) {
  return await inScratchDatabase(databaseUrl, 'trail', async ({ database }) => {
    await fill(database, entries)
    return await measured(database, entries)
  })
}

async function measured(database, entries) {
  const { PostgresAuditLog } = await source('outbound/postgres/audit-log')
  const log = new PostgresAuditLog(database, null)
  const hmacs = await database.query('SELECT hmac FROM audit_argument LIMIT 1')
  filters['known value'].argumentHmacs = [hmacs[0].hmac]
  const rows = []
  for (const [asked, filter] of Object.entries(filters))
    for (const page of PAGES)
      rows.push({ asked, page, ...(await pages(log, filter, page, entries)) })
  console.table(rows)
  const slowest = Math.max(...rows.flatMap(({ first, deep }) => [first.p99, deep.p99]))
  const met = slowest < TARGET
  console.log(
    `${met ? 'met   ' : 'missed'} the slowest p99 of all pages is ${slowest} ms (target under ${TARGET})`,
  )
  return { entries, milliseconds: rows, slowest, target: TARGET, met }
}

async function fill(database, entries) {
  console.log(`filling a scratch database with ${entries} entries`)
  for (const index of ['audit_index_kind', 'audit_index_request'])
    await database.query(`DROP INDEX ${index}`)
  for (const statement of FILL)
    await database.query(statement, statement.includes('$1') ? [entries] : [])
  for (const table of [
    'audit_kind',
    'audit_index',
    'audit_span',
    'audit_subject',
    'audit_argument',
    'audit_entry',
    'audit_daily',
  ])
    await database.query(`VACUUM (ANALYZE) ${table}`)
}

/** First pages, and pages that begin anywhere. */
async function pages(log, filter, size, entries) {
  const took = async (before) => {
    const began = performance.now()
    await log.find(filter, { limit: size + 1, before })
    return performance.now() - began
  }
  // Not the statement's first planning, which each connection does once.
  for (let time = 0; time < 8; time++) await took(null)
  const first = []
  const deep = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    first.push(await took(null))
    deep.push(await took(Math.ceil((entries * (sample + 1)) / (SAMPLES + 1))))
  }
  return { first: percentiles(first), deep: percentiles(deep) }
}

function percentiles(times) {
  const sorted = times.sort((a, b) => a - b)
  const at = (share) =>
    Math.round(10 * sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]) / 10
  return { p50: at(0.5), p99: at(0.99) }
}
