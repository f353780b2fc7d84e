import { rm } from 'node:fs/promises'
import { env } from 'node:process'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { composeGateway, type Gateway } from '../src/compose.ts'
import { readConfig } from '../src/config.ts'
import type { AuditEntry } from '../src/domain/audit/entry.ts'
import type { Policy } from '../src/domain/privacy/policy.ts'
import type { ClientDraft } from '../src/gateway/govern/client-draft.ts'
import type { IngestInput } from '../src/gateway/ingest/ingest-input.ts'
import { OPERATOR } from '../src/gateway/scope/recorder.ts'
import type { SubjectId } from '../src/kernel/ids.ts'
import { HOUR } from '../src/kernel/time.ts'
import { buildGatewayServer } from '../src/serve.ts'
import { newDataFolder } from './new-data-folder.ts'

/** The policy that the data-driven suites run over: a copy may be named, so that they can be run over that, unedited. */
// biome-ignore lint/style/noProcessEnv: how a test runs these suites over another policy
export const policyUnderTest = env.BAUTA_TEST_POLICY_DIR ?? 'policy'

/** With what a request is made. */
export interface As {
  readonly token: string
  readonly cookie?: string
  readonly purpose?: string
}

/** An answer of `/graphql`. */
export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The exact bytes. */
  readonly body: string
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of any shape
  readonly data: any
  readonly codes: readonly string[]
  readonly messages: readonly string[]
  readonly withheld: readonly { path: string; reason: string; of: string[] }[]
  readonly receipt: string | undefined
}

/** A whole gateway on an embedded database of its own, asked over a socket. */
export class RunningGateway {
  readonly gateway: Gateway
  readonly server: FastifyInstance
  readonly policy: Policy
  /** Where it listens: `http://127.0.0.1:<any free port>`. */
  readonly origin: string
  /** Texts of all statements so far. */
  readonly statements: string[]
  /** Lines of the log so far. */
  readonly lines: readonly string[]
  readonly #dataDir: string

  private constructor(
    gateway: Gateway,
    server: FastifyInstance,
    seen: { origin: string; statements: string[]; lines: string[]; dataDir: string },
  ) {
    this.gateway = gateway
    this.server = server
    this.policy = gateway.stores.policy
    this.origin = seen.origin
    this.statements = seen.statements
    this.lines = seen.lines
    this.#dataDir = seen.dataDir
  }

  static async start(
    settings: Readonly<Record<string, string>> = {},
    policyDir = policyUnderTest,
    prepare: (dataDir: string) => void = () => {},
  ): Promise<RunningGateway> {
    const dataDir = await newDataFolder()
    prepare(dataDir)
    const config = readConfig({
      BAUTA_DATA_DIR: dataDir,
      BAUTA_POLICY_DIR: policyDir,
      BAUTA_LOG_LEVEL: 'trace',
      // Suites that try everything are refused more often than any client should be.
      BAUTA_DENIALS_PER_DAY: '1000000',
      BAUTA_REQUESTS_PER_MINUTE: '1000000000',
      BAUTA_COST_PER_MINUTE: '1000000000',
      // A slow machine is no reason for another answer.
      BAUTA_REQUEST_TIMEOUT_MS: '120000',
      ...settings,
    })
    const statements: string[] = []
    const lines: string[] = []
    const onStatement = (text: string) => void statements.push(text)
    const gateway = await composeGateway(config, { onStatement })
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
    const server = await buildGatewayServer(gateway, { log })
    const origin = await server.listen({ host: '127.0.0.1', port: 0 })
    return new RunningGateway(gateway, server, { origin, statements, lines, dataDir })
  }

  async stop(): Promise<void> {
    await this.server.close()
    await this.gateway.close()
    await rm(this.#dataDir, { recursive: true, force: true })
  }

  /** Registers a client; the answer is its key. */
  async client(draft: Omit<ClientDraft, 'name'>): Promise<string> {
    return (await this.gateway.clients.create({ name: draft.id, adhoc: true, ...draft })).key
  }

  /** Takes rows of one source, all of which must be accepted; the subjects they were filed under. */
  async take(source: string, inputs: readonly IngestInput[]): Promise<readonly SubjectId[]> {
    return await this.#accepted(source, inputs, null)
  }

  /** Takes rows about one subject; identifiers that nobody vouches for leave a visitor a visitor. */
  async tell(
    source: string,
    subject: SubjectId,
    inputs: readonly IngestInput[],
    verified = true,
  ): Promise<void> {
    await this.#accepted(source, inputs, subject, verified)
  }

  async #accepted(
    source: string,
    inputs: readonly IngestInput[],
    subject: SubjectId | null,
    verified = true,
  ) {
    const { subjects, rejected } = await this.gateway.ingest.acceptLive(source, inputs, {
      verified,
      subject,
    })
    if (rejected.length > 0) throw new Error(JSON.stringify(rejected))
    return subjects.flatMap((one) => one ?? [])
  }

  /** A token with which a registered client acts for one person. */
  async tokenFor(clientId: string, subject: SubjectId, lifetime = HOUR): Promise<string> {
    const { stores, tokens, reception } = this.gateway
    const client = await stores.clients.find(clientId)
    if (!client) throw new Error(`no client ${clientId}`)
    const { scopes } = client
    const requestId = reception.newRequestId()
    const wanted = { client, subject, scopes, lifetime, requestId }
    return (await tokens.forPerson(wanted, OPERATOR)).access_token
  }

  /** A new visitor of a front end: its cookie, and who it is. */
  async visitor(clientKey: string): Promise<{ cookie: string; subject: SubjectId }> {
    const { authenticator, visitors, reception } = this.gateway
    const nobody = await authenticator.authenticate({ bearer: clientKey, visitorCookie: null })
    // Front ends that only read in a test have visitors all the same: their cookies come from one that writes.
    const scopes = new Set(nobody.scopes).add('events:write')
    const { value } = await visitors.greet({ ...nobody, scopes }, reception.newRequestId())
    const known = await authenticator.authenticate({ bearer: clientKey, visitorCookie: value })
    if (known.subject === null) throw new Error('the cookie names nobody')
    return { cookie: `bauta_visitor=${value}`, subject: known.subject }
  }

  pseudonym(audience: string, subject: SubjectId): string {
    return this.gateway.audiences.of(audience).of(subject)
  }

  async ask(
    as: As,
    query: string,
    variables: Readonly<Record<string, unknown>> = {},
  ): Promise<Answered> {
    return await this.post(as, JSON.stringify({ query, variables }))
  }

  async post(
    as: Partial<As>,
    payload: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answered> {
    const response = await fetch(`${this.origin}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...(as.token === undefined ? {} : { authorization: `Bearer ${as.token}` }),
        ...(as.cookie === undefined ? {} : { cookie: as.cookie }),
        ...(as.purpose === undefined ? {} : { 'bauta-purpose': as.purpose }),
        ...headers,
      },
      body: payload,
    })
    return answeredOf(response.status, Object.fromEntries(response.headers), await response.text())
  }

  /** Entries that this work leaves, oldest first. */
  async entriesOf(work: () => Promise<unknown>): Promise<readonly AuditEntry[]> {
    const before = await this.gateway.stores.auditLog.size()
    await work()
    const count = (await this.gateway.stores.auditLog.size()) - before
    return count === 0 ? [] : (await this.entries(count)).toReversed()
  }

  /** The newest entries of the trail, newest first. */
  async entries(limit = 1): Promise<readonly AuditEntry[]> {
    const found = await this.gateway.stores.auditLog.find({}, { limit, before: null })
    return found.map(({ entry }) => entry)
  }
}

function answeredOf(status: number, headers: Answered['headers'], body: string): Answered {
  const json = parsed(body)
  const errors: { message: string; extensions?: { code?: string } }[] = json.errors ?? []
  const { receipt, withheld = [] } = json.extensions?.privacy ?? {}
  return {
    status,
    headers,
    body,
    data: json.data,
    codes: [...(json.code ? [json.code] : []), ...errors.map((e) => e.extensions?.code ?? '')],
    messages: [...(json.message ? [json.message] : []), ...errors.map((error) => error.message)],
    withheld,
    receipt,
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the server said
function parsed(body: string): any {
  try {
    return JSON.parse(body)
  } catch {
    return {}
  }
}

const REQUEST_ID = /"receipt":"[0-9a-f-]{36}"/g

/** An answer's bytes as far as they may be compared: all but its receipt, which is random. */
export function comparable({ status, body }: Answered): string {
  return `${status} ${body.replace(REQUEST_ID, '"receipt":"…"')}`
}

export const given = (identifiers: Readonly<Record<string, string>>) =>
  Object.entries(identifiers).map(([kind, value]) => ({ kind: kind as never, value }))
