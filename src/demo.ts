import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Gateway } from './compose.ts'
import { OPERATOR } from './gateway/scope/recorder.ts'
import { type DemoClient, demoPrincipals } from './inbound/demo/clients.ts'
import { identifierOf } from './inbound/demo/people.ts'
import { type DemoCredentials, demoCredentials, seedDemo } from './inbound/demo/seed.ts'
import type { SubjectId } from './kernel/ids.ts'
import { Refusal } from './kernel/refusal.ts'
import { DAY } from './kernel/time.ts'
import type { Say } from './stores.ts'

export const CREDENTIALS_FILE = 'demo-credentials.json'

/**
 * Fills a new installation with the demo and keeps its credentials: in development only. Keys of clients stay the same
 * from start to start; tokens for a person live a day, so they are made anew.
 */
export async function prepareDemo(gateway: Gateway, say: Say): Promise<DemoCredentials> {
  const { database } = gateway.stores.opened
  const path = join(gateway.config.dataDir, CREDENTIALS_FILE)
  const [seeded] = await database.query<{ done: boolean }>(
    'SELECT EXISTS (SELECT FROM recommender_model) AS done',
  )
  const doors = doorsOf(gateway, say)
  if (!seeded?.done) {
    say('First start: loading the demo (2,000 invented people, 500 items, 8 segments) …')
    await seedDemo(doors, gateway.clock.now())
  }
  const credentials = existsSync(path)
    ? await renewed(JSON.parse(await readFile(path, 'utf8')) as DemoCredentials, doors)
    : await demoCredentials(doors)
  await writeFile(path, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
  return credentials
}

/** Whom the demo's tokens for a person may stand for: person 1, and where that one was erased the next with equal consents. */
const STAND_INS = [1, 15, 16, 17, 18, 19, 20]
const EVERYBODY_KNOWS = { crm: true, identity: true, analytics: true }

async function renewed(stored: DemoCredentials, doors: Doors): Promise<DemoCredentials> {
  const entries = Object.entries(demoPrincipals).map(async ([name, { client, as, note }]) => {
    const kept = stored[name as keyof DemoCredentials]
    if (as !== 'person') return [name, kept] as const
    const person = await doors.standIn()
    if (!person) return [name, kept] as const
    const now =
      person.number === 1 ? note : `${note} Person 1 was erased: this is person ${person.number}.`
    return [name, { ...kept, token: await doors.tokenOf(client.id, person.id), note: now }] as const
  })
  return Object.fromEntries(await Promise.all(entries)) as DemoCredentials
}

type Doors = ReturnType<typeof doorsOf>

function doorsOf(gateway: Gateway, say: Say) {
  const ownKeys = new Map<string, string>()
  const { ingest, clients, segments, tokens, visitors, stores, authenticator, config, reception } =
    gateway
  const standIn = async (): Promise<{ number: number; id: SubjectId } | null> => {
    for (const number of STAND_INS) {
      const { kind, value } = identifierOf({ number, knownTo: EVERYBODY_KNOWS })
      const id = await gateway.people.byVerifiedIdentifier(kind, value)
      if (id !== null) return { number, id }
    }
    return null
  }
  const tokenOf = async (clientId: string, subject: SubjectId): Promise<string> => {
    const client = await stores.clients.find(clientId)
    if (!client) throw new Error(`the demo has no client ${clientId}`)
    const wanted = {
      client,
      subject,
      scopes: client.scopes,
      lifetime: config.mode === 'development' ? DAY : 0,
      requestId: reception.newRequestId(),
    }
    return (await tokens.forPerson(wanted, OPERATOR)).access_token
  }
  return {
    ingest,
    log: (line: string) => say(`  ${line}`),
    fit: async () => await gateway.fit.run(),
    defineSegment: async (segment: Parameters<typeof segments.defineAsOperator>[0]) =>
      await segments.defineAsOperator(segment),
    async createClient(client: DemoClient): Promise<string> {
      const { key } = await clients.create(client).catch(async (error: unknown) => {
        if (error instanceof Refusal && error.code === 'CONFLICT')
          return await clients.rotate(client.id)
        throw error
      })
      ownKeys.set(client.id, key)
      return key
    },
    standIn,
    tokenOf,
    async tokenFor(clientId: string): Promise<string> {
      const person = await standIn()
      if (person) return await tokenOf(clientId, person.id)
      throw new Error(
        'Everybody whom the demo acts for was erased: remove the data folder to begin anew.',
      )
    },
    async visitorOf(clientId: string): Promise<string> {
      const key = ownKeys.get(clientId)
      if (!key) throw new Error(`the demo's client ${clientId} has no key yet`)
      const principal = await authenticator.authenticate({ bearer: key, visitorCookie: null })
      const { value } = await visitors.greet(principal, reception.newRequestId())
      return `bauta_visitor=${value}`
    },
  }
}
