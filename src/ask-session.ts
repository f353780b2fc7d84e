import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { composeGateway } from './compose.ts'
import type { Config } from './config.ts'
import { CREDENTIALS_FILE, prepareDemo } from './demo.ts'
import { demoDesk } from './demo-desk.ts'
import type { AskSession, GraphqlAnswer } from './inbound/cli/ask.ts'
import type { DemoCredentials } from './inbound/demo/seed.ts'
import { Refusal } from './kernel/refusal.ts'
import { buildGatewayServer } from './serve.ts'
import type { Say } from './stores.ts'

type Headers = Readonly<Record<string, string>>

/** The gateway that is running here, or else one started for this question alone, on the same data. */
export async function openAskSession(config: Config, say: Say): Promise<AskSession> {
  if (!config.demo)
    throw new Refusal(
      'BAD_USER_INPUT',
      'The demo is off here: "bauta ask" shows demo principals in development.',
    )
  const address = `http://${config.host}:${config.port}`
  const alive = await fetch(`${address}/health/live`).then(
    ({ ok }) => ok,
    () => false,
  )
  return alive ? await running(config, address) : await startedForThis(config, say)
}

async function running(config: Config, address: string): Promise<AskSession> {
  const credentials = await readCredentials(config)
  return {
    names: Object.keys(credentials),
    async idsOf(person) {
      const answer = await fetch(`${address}/demo/desk?person=${person}`)
      return ((await answer.json()) as { ids: Record<string, string> }).ids
    },
    async ask(principal, body) {
      const headers = {
        'content-type': 'application/json',
        ...credentialOf(credentials, principal),
      }
      const answer = await fetch(`${address}/graphql`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      return (await answer.json()) as GraphqlAnswer
    },
    close: async () => {},
  }
}

async function startedForThis(config: Config, say: Say): Promise<AskSession> {
  const gateway = await composeGateway(config, { say })
  const credentials = await prepareDemo(gateway, say)
  const server = await buildGatewayServer({ ...gateway, config: { ...config, logLevel: 'warn' } })
  const desk = demoDesk(gateway, credentials)
  return {
    names: Object.keys(credentials),
    idsOf: async (person) => await desk.idsOf(person),
    async ask(principal, body) {
      const headers = { host: 'localhost', ...credentialOf(credentials, principal) }
      const answer = await server.inject({
        method: 'POST',
        url: '/graphql',
        headers,
        payload: body,
      })
      return answer.json<GraphqlAnswer>()
    },
    async close() {
      await server.close()
      await gateway.close()
    },
  }
}

async function readCredentials(config: Config): Promise<DemoCredentials> {
  const path = join(config.dataDir, CREDENTIALS_FILE)
  try {
    return JSON.parse(await readFile(path, 'utf8')) as DemoCredentials
  } catch (cause) {
    const message = `${path} can not be read: the gateway that runs here uses another BAUTA_DATA_DIR, or has no demo.`
    throw new Refusal('BAD_USER_INPUT', message, { cause })
  }
}

function credentialOf(credentials: DemoCredentials, principal: string): Headers {
  const one = credentials[principal as keyof DemoCredentials]
  return {
    authorization: `Bearer ${one.token}`,
    ...(one.cookie === undefined ? {} : { cookie: one.cookie }),
  }
}
