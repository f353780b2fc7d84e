import type { FastifyInstance } from 'fastify'
import type { PublishedTree } from '../../gateway/attest/published-tree.ts'
import { Refusal } from '../../kernel/refusal.ts'

const TEXT = 'text/plain'
/** A checkpoint with a hundred signatures is smaller. */
const NOTE_BYTES = 16 * 1024
const NUMBER = /^(0|[1-9]\d{0,15})$/

/**
 * The tree over the audit trail, for everybody: `GET /audit/checkpoint` (a C2SP signed note), `/audit/consistency?from=&to=`
 * and `/audit/inclusion?index=&size=` (JSON, hashes in base64), `/audit/keys` (C2SP vkeys, one a line, the one in use first),
 * and `POST /audit/witness` (a checkpoint that the witness has signed as well; 204).
 * @param onBadWitness told of anything else that was posted there: nobody vouches for who did it.
 */
export function treeRoutes(
  published: Pick<
    PublishedTree,
    'checkpoint' | 'consistency' | 'inclusion' | 'keys' | 'acceptWitness'
  >,
  onBadWitness: (requestId: string) => void,
): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      TEXT,
      { parseAs: 'string', bodyLimit: NOTE_BYTES },
      (_request, body, done) => done(null, body),
    )
    const config = { crossOrigin: 'open' } as const
    app.get('/audit/checkpoint', { config }, async (_request, reply) => {
      return await reply.type(TEXT).send(await published.checkpoint())
    })
    app.get('/audit/consistency', { config }, async ({ query }) => {
      return await published.consistency(numberIn(query, 'from'), numberIn(query, 'to'))
    })
    app.get('/audit/inclusion', { config }, async ({ query }) => {
      return await published.inclusion(numberIn(query, 'index'), numberIn(query, 'size'))
    })
    app.get('/audit/keys', { config }, async (_request, reply) => {
      const keys = await published.keys()
      return await reply.type(TEXT).send(keys.map((key) => `${key}\n`).join(''))
    })
    app.post('/audit/witness', async ({ id, body }, reply) => {
      try {
        if (typeof body !== 'string')
          throw new Refusal('BAD_USER_INPUT', `Send a signed note as ${TEXT}.`)
        await published.acceptWitness(body)
      } catch (error) {
        onBadWitness(id)
        throw error
      }
      return await reply.status(204).send()
    })
  }
}

function numberIn(query: unknown, name: string): number {
  const text = (query as Readonly<Record<string, unknown>>)[name]
  if (typeof text !== 'string' || !NUMBER.test(text))
    throw new Refusal('BAD_USER_INPUT', `"${name}" must be a number of entries.`)
  return Number(text)
}
