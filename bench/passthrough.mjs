import { load, longStretch, median } from './load.mjs'
import { environment } from './seed-bauta.mjs'
import { startServer } from './servers.mjs'
import { canonical, graphqlProfiles, graphqlRequest, idLists, workloads } from './workloads.mjs'

/** How many times slower the doors may make a list of 1,000. */
const TARGETS = { long: 1.25, longContact: 1.6 }

/** The read model once more with the sealed columns in clear, for doors that let everything pass. */
const CLEAR = `
  DROP SCHEMA IF EXISTS clear CASCADE;
  CREATE SCHEMA clear;
  CREATE TABLE clear.read_model (LIKE public.read_model INCLUDING ALL);
  INSERT INTO clear.read_model SELECT * FROM public.read_model;
  UPDATE clear.read_model SET
    sealed_name = convert_to(json_build_object('name', contact ->> 'name')::text, 'UTF8'),
    sealed_email = convert_to(json_build_object('email', contact ->> 'email')::text, 'UTF8'),
    sealed_phone = convert_to(json_build_object('phone', contact ->> 'phone')::text, 'UTF8'),
    sealed_address = convert_to(json_build_object('address', contact ->> 'address')::text, 'UTF8')
  FROM peer.wide WHERE id = subject_id;
  CREATE TABLE clear.seeded AS SELECT max(updated_at) AS at FROM public.read_model`

async function seedClear(client) {
  const { rows } = await client.query(`SELECT to_regclass('clear.seeded') IS NOT NULL AS there`)
  const same =
    'SELECT (SELECT at FROM clear.seeded) = (SELECT max(updated_at) FROM public.read_model) AS same'
  if (rows[0].there && (await client.query(same)).rows[0].same) return
  await client.query(CLEAR)
  await client.query('VACUUM FULL ANALYZE clear.read_model')
}

export async function passthrough({ client, databaseUrl, people, contenders, rounds, seconds }) {
  await seedClear(client)
  const [bauta] = contenders
  const open = {
    headers: bauta.headers,
    ask: graphqlRequest,
    start: () =>
      startServer(
        [new URL('passthrough-server.mjs', import.meta.url).pathname],
        environment(databaseUrl),
        '/health/ready',
      ),
  }
  const sides = [
    { name: 'doors', ...bauta, server: await bauta.start(databaseUrl) },
    { name: 'passthrough', ...open, server: await open.start() },
  ]
  try {
    const slower = {}
    for (const [key, target] of Object.entries(TARGETS)) {
      await requireEqualAnswers(sides, workloads[key], people)
      const medians = await measure(sides, workloads[key], { people, rounds, seconds })
      const reached = Math.round((medians.passthrough / medians.doors) * 100) / 100
      slower[key] = { requestsPerSecond: medians, reached, target, met: reached <= target }
      console.log(
        `${reached <= target ? 'met   ' : 'missed'} ${workloads[key].title}: ${reached} × slower than pass-through (target at most ${target})`,
      )
    }
    return { slower }
  } finally {
    for (const { server } of sides) await server.stop()
  }
}

async function requireEqualAnswers(sides, workload, people) {
  const [ids] = idLists(workload.rows, 1, people)
  const answers = []
  for (const { ask, headers, server } of sides) {
    const { path, body } = ask(workload, ids)
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    const answer = await response.json()
    if (answer.errors) throw new Error(JSON.stringify(answer.errors).slice(0, 500))
    answers.push(canonical(graphqlProfiles(answer)))
  }
  if (answers[0] !== answers[1]) throw new Error(`${workload.title}: the doors change the answer`)
}

async function measure(sides, workload, { people, rounds, seconds }) {
  const samples = Object.fromEntries(sides.map(({ name }) => [name, []]))
  const lists = idLists(workload.rows, 20, people)
  for (let round = 0; round <= rounds; round++)
    for (const { name, ask, headers, server } of sides) {
      const requests = lists.map((ids) => ask(workload, ids))
      const { perSecond } = await load({ url: server.url, headers }, requests, longStretch(seconds))
      if (round > 0) samples[name].push(perSecond)
    }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]))
}
