/** (e) PostGraphile 5: GraphQL compiled to SQL over the same tables; a list by ids is a function of the database. */
import { createServer } from 'node:http'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'

// PostGraphile 5.1 expects it of the runtime; Node 20 does not have it yet.
Promise.withResolvers ??= function withResolvers() {
  const deferred = {}
  deferred.promise = new this((resolve, reject) => Object.assign(deferred, { resolve, reject }))
  return deferred
}

const { PORT, DATABASE_URL } = process.env
const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({ connectionString: DATABASE_URL, schemas: ['peer'], poolConfig: { max: 16 } }),
  ],
  grafserv: { port: Number(PORT), host: '127.0.0.1', watch: false, graphiql: false },
  // Plain lists beside connections: cheaper, and what the peers answer too.
  schema: { defaultBehavior: '+list' },
  grafast: { explain: false },
}
const server = createServer()
const instance = postgraphile(preset).createServ(grafserv)
await instance.addTo(server)
server.listen(Number(PORT), '127.0.0.1')
