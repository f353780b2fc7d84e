import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { NO_LIMITS, type Scope } from '../../../src/domain/access/principal.ts'
import { Metrics } from '../../../src/inbound/http/metrics.ts'
import { type OAuthParts, oauthRoutes } from '../../../src/inbound/http/oauth.ts'
import { buildServer } from '../../../src/inbound/http/server.ts'
import { uuidV7 } from '../../../src/kernel/ids.ts'
import { MINUTE } from '../../../src/kernel/time.ts'
import { randomness } from '../../clock-and-randomness.ts'
import { AccessHouse, ISSUER } from '../../gateway/access-house.ts'
import { type Answer, call } from './call.ts'

const FORM = 'application/x-www-form-urlencoded'

export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`
}

export function errorOf(answer: Answer): readonly unknown[] {
  return [answer.status, answer.json().error]
}

/** The OAuth addresses over a house in memory, asked over a socket. */
export class OAuthHouse {
  readonly house: AccessHouse
  readonly app: FastifyInstance
  /** Lines of the log so far. */
  readonly lines: readonly string[]

  private constructor(house: AccessHouse, app: FastifyInstance, lines: readonly string[]) {
    this.house = house
    this.app = app
    this.lines = lines
  }

  static async open(other: Partial<OAuthParts> = {}): Promise<OAuthHouse> {
    const house = await AccessHouse.open()
    const lines: string[] = []
    const app = await buildServer({
      config: { publicUrl: ISSUER, allowedOrigins: [], requestTimeoutMs: 15_000 },
      metrics: new Metrics(),
      checks: {},
      routes: [oauthRoutes({ ...house.oauth, ...other })],
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    })
    return new OAuthHouse(house, app, lines)
  }

  /** Keys of two partners and a feeding system, registered before anything is looked at. */
  async callers(): Promise<{ acme: string; globex: string; ingest: string }> {
    const { house } = this
    const acme = (await house.client('acme', 'partner')).key
    const globex = (await house.client('globex', 'partner')).key
    const ingest = (await house.client('ingest', 'ingest')).key
    house.entries.length = 0
    return { acme, globex, ingest }
  }

  async post(
    path: string,
    form: Readonly<Record<string, string>> | string,
    authorization?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return await call(this.app, path, {
      method: 'POST',
      headers: {
        'content-type': FORM,
        ...(authorization === undefined ? {} : { authorization }),
        ...headers,
      },
      body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
    })
  }

  /** A ten-minute token of a client, as the token endpoint makes it. */
  async tokenOf(
    clientId: string,
    said: { readonly scopes?: readonly Scope[]; readonly jkt?: string | null } = {},
  ): Promise<string> {
    const { clock, signer, store } = this.house
    const issuedAt = clock.now()
    const { scopes = [], roles = [] } = (await store.find(clientId)) ?? {}
    return await signer.sign({
      clientId,
      sub: clientId,
      actors: [],
      madeFrom: [],
      roles,
      scopes,
      limits: NO_LIMITS,
      jkt: null,
      jti: uuidV7(issuedAt, randomness),
      issuedAt,
      expiresAt: issuedAt + 10 * MINUTE,
      ...said,
    })
  }

  /** A front end, and a token with which it acts for a person whom `ingest` has named. */
  async personToken(ingestKey: string) {
    const { key: shopKey } = await this.house.client('shop', 'frontend')
    const person = await this.house.newPerson('email alice@example.com')
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: 'shop',
      subject_token: 'alice@example.com',
      subject_token_type: 'urn:bauta:identifier:email',
    }
    const answer = await this.post('/oauth/token', form, `Bearer ${ingestKey}`)
    return { token: String(answer.json().access_token), shopKey, person }
  }
}
