import fc from 'fast-check'
import { type OperationDefinitionNode, parse } from 'graphql'
import { prepareDemo } from '../src/demo.ts'
import { DEMO_SEED, generateDemo } from '../src/inbound/demo/generate.ts'
import { analyse } from '../src/inbound/graphql/analysis.ts'
import { randomQueries } from './inbound/graphql/random-queries.ts'
import { responseCost } from './inbound/graphql/response-cost.ts'
import { RunningGateway } from './running-gateway.ts'
import { schema } from './schema-walk.ts'

/** Enough that there is somebody with the consents of person 1. */
const PEOPLE = 16
/** Fields of the root that need no argument and tell of many. */
const QUERYABLE = ['searchProfiles', 'segments', 'items', 'notices', 'viewer', 'auditTrail']

describe('the demo', () => {
  let running: RunningGateway
  beforeAll(async () => {
    running = await RunningGateway.start()
    for (const { source, kind, rows } of generateDemo(Date.now(), DEMO_SEED, PEOPLE).batches) {
      const { ingest } = running.gateway
      const batch = await ingest.openBatch({ source, kind, fingerprint: source })
      const numbered = [...rows()].map((input, index) => ({ rowNumber: index + 1, input }))
      await ingest.accept(batch, numbered)
      await ingest.finish(batch)
    }
    await running.gateway.fit.run()
  })
  afterAll(async () => await running.stop())

  test('answers no query with more than the query was said to cost at most', async () => {
    const token = await running.client({ id: 'officer', roles: ['compliance'] })
    const as = { token, purpose: 'SUBJECT_RIGHTS' }
    let told = 0
    await fc.assert(
      fc.asyncProperty(randomQueries(schema, QUERYABLE), async (query) => {
        const document = parse(query)
        const cost = analyse(schema, document, null, 'document').cost({})
        const answer = await running.ask(as, query)
        if (!answer.data) return
        const [operation] = document.definitions as OperationDefinitionNode[]
        if (!operation) throw new Error('no operation')
        const actual = responseCost(schema, operation, answer.data)
        told = Math.max(told, actual.type)
        expect([query, actual.type <= cost.type, actual.field <= cost.field]).toEqual([
          query,
          true,
          true,
        ])
      }),
      { numRuns: 60, seed: 11 },
    )
    // Otherwise nothing was shown.
    expect(told).toBeGreaterThan(50)
  })

  test('starts again after its first person was erased, and says who stands for them now', async () => {
    const start = async () => await prepareDemo(running.gateway, () => {})
    const before = await start()
    const gone = await running.ask(before.subject, 'mutation { eraseProfile { stoppedAt } }')
    expect(gone.data.eraseProfile.stoppedAt).not.toBeNull()
    const { subject, frontend, partnerAcme } = await start()
    expect(partnerAcme).toEqual(before.partnerAcme)
    for (const as of [subject, frontend]) {
      expect(as.note).toContain('Person 1 was erased: this is person 15.')
      const { data } = await running.ask(as, '{ me { contact { name } } }')
      expect(data.me.contact.name).toEqual(expect.any(String))
    }
  })
})
