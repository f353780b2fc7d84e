// Whether a cache of rows, shared by gateways, would pay: processor time for 20 people, in turn read from PostgreSQL
// whole, and as versions from PostgreSQL with their sealed rows from Redis.
//   npm run build && node bench/shared-rows.mjs [batches]
// Counted is processor time of gateway and servers, not waiting: it hardly depends on what else the machine does.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createClient } from '@redis/client'
import { inScratchDatabase } from './scratch-database.mjs'

const BATCHES = Number(process.argv[2] ?? 2_000)
const PEOPLE = 20
const COLUMNS = ['demographics', 'location', 'account', 'activity', 'memberships', 'recommended']
const TICK_US = 10_000
const databaseUrl =
  process.env.BAUTA_BENCH_DATABASE_URL ?? 'postgres://bauta:bauta@127.0.0.1:5432/bauta_bench'
const redisUrl = process.env.BAUTA_BENCH_REDIS_URL ?? 'redis://127.0.0.1:6379'
const dist = (path) => import(new URL(`../dist/src/${path}.js`, import.meta.url).href)
const { PostgresProfileStore } = await dist('outbound/postgres/profile-store')
const { open, seal } = await dist('domain/privacy/seal')
const randomness = { bytes: (length) => randomBytes(length) }

await inScratchDatabase(databaseUrl, 'rows', async ({ database }) => {
  const redis = createClient({ url: redisUrl, RESP: 3 })
  await redis.connect()
  const buffers = redis.withTypeMapping({ 36: Buffer })
  const ids = Array.from({ length: PEOPLE }, (_, n) => idOf(n))
  await fill(database, ids)
  const store = new PostgresProfileStore(database)
  const columns = new Set(COLUMNS)
  const key = randomBytes(32)
  const versions = async () =>
    await database.query(
      `SELECT subject_id, updated_at::text AS version, consent_id, consent_later::text AS later
       FROM read_model WHERE subject_id = ANY((SELECT $1::uuid[])::uuid[])`,
      [ids],
      'row-versions',
    )
  const nameOf = ({ subject_id: id, version }) => `bauta-bench:${id}:${version}`
  for (const row of await versions()) {
    const whole = (await store.load([row.subject_id], columns)).get(row.subject_id)
    const text = JSON.stringify({ ...whole, recommended: JSON.stringify(whole.recommended.full) })
    await redis.set(nameOf(row), seal(key, [nameOf(row)], text, randomness), { EX: 600 })
  }
  const ways = {
    'rows from PostgreSQL': async () => (await store.load(ids, columns)).size,
    'versions from PostgreSQL, sealed rows from Redis': async () => {
      const rows = await versions()
      const sealed = await buffers.mGet(rows.map(nameOf))
      return rows.map((row, n) => ({
        ...JSON.parse(open(key, [nameOf(row)], sealed[n]).toString('utf8')),
        later: JSON.parse(row.later),
      })).length
    },
  }
  const [{ pid }] = await database.query('SELECT pg_backend_pid() AS pid')
  const server = Number(/process_id:(\d+)/.exec(await redis.info('server'))[1])
  const spent = Object.fromEntries(Object.keys(ways).map((way) => [way, [0, 0, 0]]))
  const turn = Math.ceil(BATCHES / 10)
  for (const [way, read] of Object.entries(ways))
    if ((await read()) !== PEOPLE) throw new Error(`${way}: not everybody was found`)
  for (let done = 0; done < BATCHES; done += turn)
    for (const [way, read] of Object.entries(ways)) {
      const before = [used(), ticksOf(pid), ticksOf(server)]
      for (let n = 0; n < turn; n++) await read()
      const after = [used(), ticksOf(pid), ticksOf(server)]
      spent[way] = spent[way].map((sum, n) => sum + after[n] - before[n])
    }
  const rounds = Math.ceil(BATCHES / turn) * turn
  for (const [way, parts] of Object.entries(spent)) {
    const [gateway, postgresql, shared] = parts.map((sum) => Math.round(sum / rounds))
    console.log(
      `${way}: ${gateway + postgresql + shared} µs for ${PEOPLE} people (gateway ${gateway}, PostgreSQL ${postgresql}, Redis ${shared})`,
    )
  }
  redis.destroy()
})

function used() {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Processor time of another process, in microseconds. */
function ticksOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}

function idOf(number) {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}

/** As large as rows of a shop are: two lists of fifty to recommend. */
async function fill(database, ids) {
  const list = Array.from({ length: 50 }, (_, n) => [`item-${n * 7}`, 1 / (n + 3), `item-${n * 3}`])
  await database.query("INSERT INTO consent_state (state) VALUES ('country=DE')")
  await database.query(
    `INSERT INTO subject (id, root_id, kind, created_at)
     SELECT id, id, 'person', now() FROM unnest($1::uuid[]) AS id`,
    [ids],
  )
  await database.query(
    `INSERT INTO read_model (subject_id, kind, consent_id, consent_later, consent_records, segment_keys, memberships,
       demographics, location, account, activity, device, commerce, custom, interactions, recommended, lineage,
       sealed_more, updated_at)
     SELECT id, 'person', (SELECT min(id) FROM consent_state), '[]', '{}', '{}', '{"regulars": [true, null]}',
       '{"ageBand": "30-39"}', '{"country": "DE"}', $2::jsonb, $3::jsonb, '{}', '{}', '{}', '[]', $4::jsonb, '{}',
       '{}', now()
     FROM unnest($1::uuid[]) AS id`,
    [
      ids,
      JSON.stringify({ plan: 'pro', customerSince: '2020-01-01', lifecycleStage: 'active' }),
      JSON.stringify({ sessionCount: 12, lastSeenAt: 1_700_000_000_000 }),
      JSON.stringify({ activity: list, full: list, model: 1 }),
    ],
  )
}
