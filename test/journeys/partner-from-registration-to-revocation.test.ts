import { cpSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { documentHash } from '../../src/domain/access/trusted-document.ts'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { given, RunningGateway } from '../running-gateway.ts'
import { ADVICE, definePros, policyOfTwoPurposes, SHARING } from './two-purposes.ts'

const READ = `query Read($id: ID!) @purpose(is: "${SHARING}") { profile(id: $id) { id account { plan } } }`
const READ_FOR_ADVICE = `query Advise($id: ID!) @purpose(is: "${ADVICE}") { profile(id: $id) { id account { plan } } }`
const idOf = (text: string) => `sha256:${documentHash(text)}`

let running: RunningGateway
let folder = ''
let policyDir = ''
let admin = ''
const people = new Map<string, SubjectId>()

beforeAll(async () => {
  policyDir = await policyOfTwoPurposes()
  running = await RunningGateway.start({}, policyDir, (dataDir) => {
    folder = dataDir
  })
  await definePros(running)
  for (const [name, plan] of [
    ['Ana', 'pro'],
    ['Dora', 'free'],
  ] as const) {
    const identifiers = given({ userId: name })
    const consents = [SHARING, ADVICE].map((purpose) => ({
      type: 'consent' as const,
      identifiers,
      purpose,
      state: 'ConsentGiven' as const,
      ...(purpose === SHARING ? { recipient: 'acme' } : {}),
    }))
    const profile = { type: 'profile' as const, recordKey: name, identifiers, traits: { plan } }
    const [subject = ''] = await running.take('crm', [profile, ...consents])
    people.set(name, subject)
  }
  admin = await running.client({ id: 'admin', roles: ['admin'] })
})
afterAll(async () => {
  await running.stop()
  await rm(policyDir, { recursive: true, force: true })
})

async function oauth(path: string, secret: string, form: Readonly<Record<string, string>>) {
  const answer = await fetch(`${running.origin}/oauth/${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`acme:${secret}`).toString('base64')}` },
    body: new URLSearchParams(form),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text) }
}

test('a partner is registered by an admin, narrows its token, asks what was registered and nothing else, and ends with its token', async () => {
  const draft = `{ id: "acme", name: "Acme", roles: ["partner"], purposes: ["${SHARING}", "${ADVICE}"], segments: ["pros"] }`
  const made = await running.ask(
    { token: admin },
    `mutation { createClient(client: ${draft}, withSecret: true) { secret client { segments purposes } } }`,
  )
  expect(made.data.createClient.client).toEqual({ segments: ['pros'], purposes: [SHARING, ADVICE] })
  const { secret } = made.data.createClient
  await running.gateway.documents.register('acme', [READ, READ_FOR_ADVICE].map(manifestEntry))

  const { body: whole } = await oauth('token', secret, { grant_type: 'client_credentials' })
  const { body: narrow } = await oauth('token', secret, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: whole.access_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    authorization_details: JSON.stringify([{ type: 'bauta', purposes: [SHARING] }]),
  })
  const as = { token: narrow.access_token }
  const send = async (body: object) => await running.post(as, JSON.stringify(body))
  const about = (name: string) => ({ id: running.pseudonym('acme', people.get(name) ?? '') })
  const asked = { documentId: idOf(READ), variables: about('Ana') }

  expect((await send(asked)).data.profile.account).toEqual({ plan: 'pro' })
  expect((await send({ ...asked, variables: about('Dora') })).data).toEqual({ profile: null })
  expect((await send({ query: READ, variables: about('Ana') })).codes).toEqual([
    'DOCUMENT_REQUIRED',
  ])
  expect((await send({ documentId: idOf('{ __typename }') })).codes).toEqual(['DOCUMENT_NOT_FOUND'])
  const otherwise = await send({ ...asked, documentId: idOf(READ_FOR_ADVICE) })
  expect([otherwise.data ?? null, otherwise.codes]).toEqual([null, ['FORBIDDEN']])
  const wider = await oauth('token', secret, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: narrow.access_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    authorization_details: JSON.stringify([{ type: 'bauta', purposes: [ADVICE] }]),
  })
  expect([wider.status, wider.body.error]).toEqual([400, 'invalid_authorization_details'])

  expect((await oauth('revoke', secret, { token: narrow.access_token })).status).toBe(200)
  expect((await send(asked)).status).toBe(401)
  await restarted()
  expect((await send(asked)).status).toBe(401)
  const kept = await running.post({ token: whole.access_token }, JSON.stringify(asked))
  expect(kept.data.profile.account).toEqual({ plan: 'pro' })
})

const manifestEntry = (text: string) => ({ id: idOf(text), text })

/** Another gateway on what the first one has left. */
async function restarted(): Promise<void> {
  await running.server.close()
  await running.gateway.close()
  const left = folder
  running = await RunningGateway.start({}, policyDir, (dataDir) => {
    cpSync(left, dataDir, { recursive: true })
  })
  rmSync(left, { recursive: true, force: true })
}
