import { cpSync, rmSync } from 'node:fs'
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import * as client from 'oauth4webapi'
import { RunningGateway } from '../../running-gateway.ts'
import { call } from './call.ts'
import { challengesOf, reaching } from './client-library.ts'
import { basic } from './oauth-house.ts'

const HOUSE = 'https://bauta.example'
const FORM = 'application/x-www-form-urlencoded'

let running: RunningGateway
let as: client.AuthorizationServer
let secret: string
const partner: client.Client = { client_id: 'acme' }
const overSocket = reaching(() => running.server)
const auth = () => client.ClientSecretBasic(secret)

beforeAll(async () => {
  running = await RunningGateway.start({ BAUTA_PUBLIC_URL: HOUSE })
  const draft = { id: 'acme', name: 'Acme', roles: ['partner'], adhoc: true }
  secret = (await running.gateway.clients.create(draft, { withSecret: true })).secret ?? ''
  const found = await client.discoveryRequest(new URL(HOUSE), {
    algorithm: 'oauth2',
    ...overSocket,
  })
  as = await client.processDiscoveryResponse(new URL(HOUSE), found)
})
afterAll(async () => await running.stop())

async function granted(more: client.ClientCredentialsGrantRequestOptions = {}) {
  const options = { ...overSocket, ...more }
  const response = await client.clientCredentialsGrantRequest(as, partner, auth(), {}, options)
  return await client.processClientCredentialsResponse(as, partner, response)
}

async function queried(token: string, more: client.ProtectedResourceRequestOptions = {}) {
  const headers = new Headers({ 'content-type': 'application/json' })
  const body = '{"query":"{ __typename }"}'
  const url = new URL(`${HOUSE}/graphql`)
  const options = { ...overSocket, ...more }
  return await client.protectedResourceRequest(token, 'POST', url, headers, body, options)
}

test('is told where that is wherever it is turned away', async () => {
  const metadata = `${HOUSE}/.well-known/oauth-protected-resource`
  const challenges = await challengesOf(queried('a.b.c'))
  expect(challenges).toMatchObject([
    {
      scheme: 'bearer',
      parameters: { realm: 'bauta', resource_metadata: metadata, error: 'invalid_token' },
    },
    { scheme: 'dpop', parameters: { resource_metadata: metadata, algs: 'ES256 EdDSA Ed25519' } },
  ])
  for (const [method, path] of [
    ['POST', '/graphql'],
    ['POST', '/graphql/stream'],
    ['POST', '/v1/visitor'],
    ['GET', '/audit/export'],
    ['GET', '/opendsr/requests/x'],
  ] as const) {
    const answer = await call(running.server, path, {
      method,
      headers: { host: 'bauta.example', accept: 'text/event-stream' },
    })
    expect([path, answer.status]).toEqual([path, 401])
    // Whoever has shown nothing has made no error.
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="bauta", resource_metadata="${metadata}", DPoP realm="bauta", resource_metadata="${metadata}", algs="ES256 EdDSA Ed25519"`,
    )
  }
})

test('whoever lacks a scope is told which, where that is no secret', async () => {
  const analyst = await running.client({ id: 'analyst', roles: ['analyst'] })
  const scoped = await running.post(
    { token: analyst },
    '{"query":"{ auditTrail { edges { cursor } } }"}',
  )
  const partnerKey = await running.client({ id: 'initech', roles: ['partner'] })
  const untold = await running.post(
    { token: partnerKey },
    '{"query":"{ auditTrail { edges { cursor } } }"}',
  )
  const exported = await call(running.server, '/audit/export', {
    headers: { host: 'bauta.example', authorization: `Bearer ${analyst}` },
  })
  const lacks = (scope: string) =>
    `Bearer realm="bauta", error="insufficient_scope", scope="${scope}"`
  expect([scoped.status, scoped.headers['www-authenticate']]).toEqual([403, lacks('audit:read')])
  expect([exported.status, exported.headers['www-authenticate']]).toEqual([
    403,
    lacks('audit:export'),
  ])
  expect([untold.status, untold.headers['www-authenticate']]).toEqual([403, undefined])
})

describe('a token that is bound to a key', () => {
  let keys: client.CryptoKeyPair
  let token: client.TokenEndpointResponse
  const proving = () => ({ DPoP: client.DPoP(partner, keys) })
  beforeAll(async () => {
    keys = await client.generateKeyPair('ES256', { extractable: true })
    token = await granted(proving())
  })

  test('is given for a proof and used with proofs, and its entries name the key', async () => {
    const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey))
    expect(token.token_type).toBe('dpop')
    const entries = await running.entriesOf(async () => {
      expect((await queried(token.access_token, proving())).status).toBe(200)
      const asked = await client.introspectionRequest(
        as,
        partner,
        auth(),
        token.access_token,
        overSocket,
      )
      const told = await client.processIntrospectionResponse(as, partner, asked)
      expect(told).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt } })
    })
    expect(entries[0]?.actor).toMatchObject({ clientId: 'acme', cnfJkt: jkt })
  })

  test('is believed by the library too, which looks at proof and token together', async () => {
    const handle = client.DPoP(partner, keys)
    let seen: Request | undefined
    const url = new URL(`${HOUSE}/elsewhere`)
    await client.protectedResourceRequest(token.access_token, 'GET', url, undefined, undefined, {
      DPoP: handle,
      [client.customFetch]: async (address, { method, headers }) => {
        seen = new Request(address, { method, headers })
        return new Response()
      },
    })
    if (!seen) throw new Error('nothing was sent')
    const claims = await client.validateJwtAccessToken(as, seen, HOUSE, {
      requireDPoP: true,
      ...overSocket,
    })
    expect(claims.cnf?.jkt).toBe(await calculateJwkThumbprint(await exportJWK(keys.publicKey)))
  })

  test('is refused as a bearer token, with a key of somebody else, and one that is not bound with a proof', async () => {
    const stranger = { DPoP: client.DPoP(partner, await client.generateKeyPair('ES256')) }
    const plain = await granted()
    for (const sent of [
      () => queried(token.access_token),
      () => queried(token.access_token, stranger),
      () => queried(plain.access_token, proving()),
    ])
      expect((await challengesOf(sent()))[1]).toMatchObject({
        scheme: 'dpop',
        parameters: { error: 'invalid_token' },
      })
  })

  const sent = async (path: string, dpop: string | undefined, scheme = 'DPoP') =>
    await call(running.server, path, {
      method: 'POST',
      headers: {
        host: 'bauta.example',
        'content-type': 'application/json',
        accept: path.endsWith('stream') ? 'text/event-stream' : 'application/json',
        authorization: `${scheme} ${token.access_token}`,
        ...(dpop === undefined ? {} : { dpop }),
      },
      body: '{"query":"{ __typename }"}',
    })
  const proofFor = async (path: string, more: object = {}) => {
    const digest = await crypto.subtle.digest('SHA-256', Buffer.from(token.access_token))
    const ath = Buffer.from(digest).toString('base64url')
    const [iat, jti] = [Math.floor(Date.now() / 1_000), crypto.randomUUID()]
    const jwk = await exportJWK(keys.publicKey)
    return await new SignJWT({ htm: 'POST', htu: HOUSE + path, iat, jti, ath, ...more })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(keys.privateKey)
  }

  test.each(['/graphql', '/graphql/stream'])(
    'takes each proof once at %s, and none without',
    async (path) => {
      const proof = await proofFor(path)
      expect((await sent(path, proof)).status).toBe(200)
      expect((await sent(path, proof)).status).toBe(401)
      expect((await sent(path, undefined)).status).toBe(401)
      expect((await sent(path, await proofFor(path), 'Bearer')).status).toBe(401)
    },
  )

  test('proves who its client is at the other addresses too', async () => {
    const path = '/oauth/introspect'
    const answer = await call(running.server, path, {
      method: 'POST',
      headers: {
        host: 'bauta.example',
        'content-type': FORM,
        authorization: `DPoP ${token.access_token}`,
        dpop: await proofFor(path),
      },
      body: `token=${token.access_token}`,
    })
    expect(answer.json()).toMatchObject({ active: true, client_id: 'acme' })
  })

  test('asks for method, address and token of this very request', async () => {
    for (const more of [
      { htm: 'GET' },
      { htu: `${HOUSE}/other` },
      { ath: 'x' },
      { ath: undefined },
    ])
      expect((await sent('/graphql', await proofFor('/graphql', more))).status).toBe(401)
  })

  test('is not given for a proof that was used, or made for another address', async () => {
    const form = { method: 'POST', body: 'grant_type=client_credentials' }
    const ask = async (dpop: string) =>
      await call(running.server, '/oauth/token', {
        ...form,
        headers: {
          host: 'bauta.example',
          dpop,
          authorization: basic('acme', secret),
          'content-type': FORM,
        },
      })
    const proof = await proofFor('/oauth/token')
    expect((await ask(proof)).json().token_type).toBe('DPoP')
    for (const bad of [proof, await proofFor('/graphql'), 'x', '']) {
      const answer = await ask(bad)
      expect([answer.status, answer.json().error]).toEqual([400, 'invalid_dpop_proof'])
    }
  })
})

test('a token that was revoked is refused at once, and by a gateway that starts on what a crash has left', async () => {
  const [revoked, kept] = [await granted(), await granted()]
  const { key } = await running.gateway.clients.create({
    id: 'globex',
    name: 'G',
    roles: ['partner'],
    adhoc: true,
  })
  const bearer = {
    authorization: `Bearer ${key}`,
    'content-type': FORM,
  }
  expect((await queried(revoked.access_token)).status).toBe(200)
  const response = await client.revocationRequest(
    as,
    partner,
    auth(),
    revoked.access_token,
    overSocket,
  )
  await client.processRevocationResponse(response)
  const ownKey = {
    method: 'POST',
    headers: { ...bearer, host: 'bauta.example' },
    body: `token=${key}`,
  }
  expect((await call(running.server, '/oauth/revoke', ownKey)).status).toBe(200)
  const statusOf = async (at: RunningGateway, token: string) =>
    (await at.post({ token }, '{"query":"{ __typename }"}')).status
  expect(await statusOf(running, revoked.access_token)).toBe(401)
  // As the files lie at this moment: nothing is closed, flushed or said good-bye to.
  const left = running.gateway.config.dataDir
  const again = await RunningGateway.start({ BAUTA_PUBLIC_URL: HOUSE }, undefined, (dataDir) => {
    rmSync(dataDir, { recursive: true })
    // Without locks and sockets of a process that lives on; one that was killed holds none.
    cpSync(left, dataDir, { recursive: true, filter: (path) => !/\.lock$|\/run\//.test(path) })
  })
  expect(await statusOf(again, revoked.access_token)).toBe(401)
  expect(await statusOf(again, key)).toBe(401)
  expect(await statusOf(again, kept.access_token)).toBe(200)
  await again.stop()
})
