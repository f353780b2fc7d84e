/** Who is measured, how each is started and asked. */
import { environment } from './seed-bauta.mjs'
import { startServer } from './servers.mjs'
import {
  graphqlProfiles,
  graphqlRequest,
  plainRequest,
  postgraphileProfiles,
  postgraphileRequest,
} from './workloads.mjs'

const file = (name) => new URL(name, import.meta.url).pathname
const peer = (key, title, ask = graphqlRequest, profiles = graphqlProfiles) => ({
  key,
  title,
  ask,
  profiles,
  start: (databaseUrl) => startServer([file(`peers/${key}.mjs`)], { DATABASE_URL: databaseUrl }),
})

export const peers = [
  peer('fastify-sql', '(a) Fastify, one joined statement', plainRequest),
  peer('fastify-row', "(a2) Fastify on Bauta's row", plainRequest),
  peer('mercurius', '(b) Mercurius + JIT, DataLoader per source'),
  peer('yoga', '(c) GraphQL Yoga, DataLoader per source'),
  peer('apollo', '(d) Apollo Server, DataLoader per source'),
  peer('postgraphile', '(e) PostGraphile 5', postgraphileRequest, postgraphileProfiles),
]

/**
 * Bauta with everything on: token, purpose, consent, treatments, pseudonyms and an audit entry per response.
 * @param seeded what seedBauta returned
 */
export const bauta = (seeded) => ({
  key: 'bauta',
  title: 'Bauta, everything on',
  headers: { authorization: `Bearer ${seeded.token}` },
  ask: (workload, ids) => graphqlRequest(workload, ids.map(seeded.pseudonymOf)),
  profiles: graphqlProfiles,
  start: (databaseUrl) =>
    startServer([file('../dist/src/main.js'), 'serve'], environment(databaseUrl), '/health/ready'),
})
