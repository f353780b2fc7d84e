import fc from 'fast-check'
import { describeForeignPages } from './foreign-pages.ts'
import { describeOddBodies } from './odd-bodies.ts'
import { describeOddRequests } from './odd-requests.ts'
import { CANARY, Surface } from './surface.ts'

let surface: Surface
const at = () => surface
beforeAll(async () => {
  surface = await Surface.open()
})
afterAll(async () => await surface.running.stop())

describeForeignPages(at)
describeOddBodies(at)
describeOddRequests(at)

describe('whatever is posted to', () => {
  const ADDRESSES: readonly (readonly [string, string])[] = [
    ['/graphql', 'application/json'],
    ['/graphql/stream', 'application/json'],
    ['/v1/visitor', 'application/json'],
    ['/v1/confirm/access/x', 'application/x-www-form-urlencoded'],
    ['/oauth/token', 'application/x-www-form-urlencoded'],
    ['/opendsr/requests', 'application/json'],
    ['/audit/witness', 'text/plain'],
  ]
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.json({ maxDepth: 5 }).map((text) => Buffer.from(text)),
    fc
      .record(
        {
          query: fc.oneof(
            fc.string(),
            fc.jsonValue(),
            fc.constant('query ($p: ID!) { profile(id: $p) { id } }'),
          ),
          variables: fc.oneof(fc.jsonValue(), fc.record({ p: fc.string({ unit: 'binary' }) })),
          operationName: fc.option(fc.string(), { nil: undefined }),
          extensions: fc.jsonValue(),
        },
        { requiredKeys: [] },
      )
      .map((value) => Buffer.from(JSON.stringify(value))),
    fc
      .dictionary(
        fc.constantFrom('grant_type', 'scope', 'client_id', 'client_secret', 'subject_token'),
        fc.string(),
      )
      .map((form) => Buffer.from(new URLSearchParams(form).toString())),
  )

  test.each(ADDRESSES)(
    '%s, it is no failure, is not repeated, and the gateway lives',
    async (path, type) => {
      await fc.assert(
        fc.asyncProperty(bodies, fc.boolean(), async (body, isKnown) => {
          const marked = Buffer.concat([Buffer.from(CANARY), body])
          for (const sent of [body, marked]) {
            const answer = await at().fetch(path, {
              method: 'POST',
              headers: { ...(isKnown ? at().bearer : {}), 'content-type': type, accept: '*/*' },
              body: sent,
            })
            const text = await answer.text()
            expect(answer.status < 500 || answer.status === 503).toBe(true)
            expect(text).not.toContain(CANARY)
          }
        }),
        { numRuns: 25 },
      )
      expect((await at().fetch('/health/live')).status).toBe(200)
    },
  )
})
