import { demoPrincipals } from '../../src/inbound/demo/clients.ts'
import { DEMO_SEED, generateDemo } from '../../src/inbound/demo/generate.ts'
import { crmId } from '../../src/inbound/demo/people.ts'
import { demoCredentials } from '../../src/inbound/demo/seed.ts'
import { demoSegments } from '../../src/inbound/demo/segments.ts'
import { type As, RunningGateway } from '../running-gateway.ts'

/** Each person is the same as in the whole demo; what is recommended to them is not, since it depends on all others. */
const PEOPLE = 60
const CHUNK = 1_000

/** A gateway with the first people of the demo, its segments and its principals. */
export class SmallDemo {
  readonly running: RunningGateway
  readonly #credentials: Readonly<Record<string, As>>
  /** Under which id each principal knows person 1. */
  readonly ids: Readonly<Record<string, string>>

  private constructor(
    running: RunningGateway,
    credentials: Readonly<Record<string, As>>,
    ids: Readonly<Record<string, string>>,
  ) {
    this.running = running
    this.#credentials = credentials
    this.ids = ids
  }

  static async start(): Promise<SmallDemo> {
    const running = await RunningGateway.start()
    const { gateway } = running
    for (const segment of demoSegments) await gateway.segments.defineAsOperator(segment)
    for (const { source, kind, rows } of generateDemo(Date.now(), DEMO_SEED, PEOPLE).batches) {
      const batch = await gateway.ingest.openBatch({ source, kind, fingerprint: source })
      const numbered = [...rows()].map((input, index) => ({ rowNumber: index + 1, input }))
      for (let start = 0; start < numbered.length; start += CHUNK)
        await gateway.ingest.accept(batch, numbered.slice(start, start + CHUNK))
      await gateway.ingest.finish(batch)
    }
    await gateway.fit.run()
    const subjectOf = async ({ kind, value }: { kind: string; value: string }) => {
      const subject = await gateway.people.byVerifiedIdentifier(kind, value)
      if (subject === null) throw new Error('the demo does not know its first person')
      return subject
    }
    const keys = new Map<string, string>()
    const credentials = await demoCredentials({
      async createClient(client) {
        const { key } = await gateway.clients.create(client)
        keys.set(client.id, key)
        return key
      },
      tokenFor: async (clientId, person) =>
        await running.tokenFor(clientId, await subjectOf(person)),
      visitorOf: async (clientId) => (await running.visitor(keys.get(clientId) ?? '')).cookie,
    })
    const first = await subjectOf({ kind: 'crmId', value: crmId(1) })
    const ids = Object.entries(demoPrincipals).map(([name, { client }]) => [
      name,
      running.pseudonym(client.audience ?? client.id, first),
    ])
    return new SmallDemo(running, credentials, Object.fromEntries(ids))
  }

  /** Asks as a principal; `$id` is that principal's pseudonym of person 1. */
  async ask(principal: string, query: string) {
    const { token, cookie } = this.#credentials[principal] ?? {}
    if (token === undefined) throw new Error(`the demo has no principal ${principal}`)
    const variables = query.includes('$id') ? { id: this.ids[principal] } : {}
    const as = cookie === undefined ? { token } : { token, cookie }
    return await this.running.ask(as, query, variables)
  }

  async stop(): Promise<void> {
    await this.running.stop()
  }
}
