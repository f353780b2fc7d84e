/** (d) Apollo Server as it comes, with one DataLoader per source. */
import { ApolloServer } from '@apollo/server'
import fastifyApollo from '@as-integrations/fastify'
import Fastify from 'fastify'
import { context, resolvers, typeDefs } from './schema.mjs'

const apollo = new ApolloServer({ typeDefs, resolvers })
await apollo.start()
const app = Fastify()
await app.register(fastifyApollo(apollo), { context })
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
