import { randomBytes, randomUUID } from 'node:crypto'
import {
  follow,
  invitationsTo,
  openDsrAt,
  somebodyOf,
  withCertificate,
} from '../peoples-requests.ts'
import { comparable, given } from '../running-gateway.ts'
import { StaffedGateway } from '../staffed-gateway.ts'
import { unzipped } from '../unzipped.ts'

/** Somebody who wants what belongs to somebody else, or to know whether there is such a person. */

let house: StaffedGateway
/** The key of a client that hands requests over, and has tokens that speak for one person. */
let desk: string

beforeAll(async () => {
  house = await StaffedGateway.open(withCertificate)
  desk = await house.running.client({ id: 'desk', roles: ['subject'] })
})
afterAll(async () => await house?.stop(), 120_000)

const register = () => house.running.gateway.requests.register
const somebody = async (name: string, traits = {}) => await somebodyOf(house.running, name, traits)

/** With the token of whoever hands requests over, or of one person. */
const openDsr = async (token: string, path: string, method?: string, body?: unknown) =>
  await openDsrAt(house.running, token, path, method, body)

const asked = (more: object) => ({
  regulation: 'gdpr',
  subject_request_id: randomUUID(),
  subject_request_type: 'access',
  submitted_time: '2026-03-01T12:00:00Z',
  ...more,
})
const byEmail = (value: string) => ({
  subject_identities: [{ identity_type: 'email', identity_value: value, identity_format: 'raw' }],
})

async function packageOf(as: { token: string }, mutation = 'requestAccess') {
  const { data } = await house.running.ask(as, `mutation { it: ${mutation} { id packageUrl } }`)
  const url = data.it.packageUrl as string
  const { status, bytes } = await follow(house.running, url)
  return { url, status, text: status === 200 ? JSON.stringify(unzipped(bytes)) : '' }
}

describe('a request under an id that stands for somebody else’s', () => {
  test.each(['access', 'erasure'])(
    'is refused, and neither ends nor answers that one: %s',
    async (type) => {
      const victim = await somebody(`victim-${type}`, { name: 'Vera Victim' })
      const mallory = await somebody(`mallory-${type}`, { name: 'Mallory M' })
      const malloryToken = await house.running.tokenFor('desk', mallory.subject)
      const body = asked({ subject_request_type: type, ...byEmail(`victim-${type}@example.com`) })
      expect((await openDsr(desk, '/requests', 'POST', body)).status).toBe(201)
      const { subject_identities: _left, ...own } = body as Record<string, unknown>
      for (const isResolved of [false, true]) {
        if (isResolved) await register().resolve()
        const taken = await openDsr(malloryToken, '/requests', 'POST', own)
        expect([taken.status, taken.text.includes('pending')]).toEqual([409, false])
      }
      const { text } = await openDsr(desk, `/requests/${body.subject_request_id}`)
      expect(JSON.parse(text).request_status).toBe('pending')
      expect(house.running.gateway.stores.keys.dataKeyOf(mallory.subject)).not.toBeNull()
      expect((await packageOf(victim.as)).text).not.toContain('Mallory M')
    },
  )

  test('is neither read nor cancelled by whoever speaks for another person', async () => {
    const [victim, mallory] = [await somebody('read-victim'), await somebody('read-mallory')]
    const tokens = {
      victim: await house.running.tokenFor('desk', victim.subject),
      mallory: await house.running.tokenFor('desk', mallory.subject),
    }
    const body = asked(byEmail('read-victim@example.com'))
    const path = `/requests/${body.subject_request_id}`
    await openDsr(desk, '/requests', 'POST', body)
    await register().resolve()
    const unknown = `/requests/${randomUUID()}`
    for (const method of ['GET', 'DELETE']) {
      const [one, other] = [
        await openDsr(tokens.mallory, path, method),
        await openDsr(tokens.mallory, unknown, method),
      ]
      expect([method, one.status, one.text]).toEqual([method, 404, other.text])
    }
    expect((await openDsr(tokens.victim, path)).status).toBe(200)
    expect((await openDsr(desk, path)).text).toContain('pending')
  })
})

test('who was taken for somebody else by a wrong import is not given their data after it was undone', async () => {
  const { running } = house
  const rows = (who: string, ids: Record<string, string>) => ({
    type: 'profile' as const,
    recordKey: `merge-${who}`,
    identifiers: given(ids),
    traits: { name: `Name of ${who}` },
  })
  const [one = '', other = ''] = await running.take('crm', [
    rows('one', { userId: 'merge-one' }),
    rows('other', { crmId: 'merge-other' }),
  ])
  const { ingest } = running.gateway
  const wrong = { source: 'import', kind: 'customers' as const, fingerprint: 'wrong' }
  const batch = await ingest.openBatch(wrong)
  const both = given({ userId: 'merge-one', crmId: 'merge-other' })
  const input = { type: 'profile', recordKey: 'wrong', identifiers: both, traits: {} }
  await ingest.accept(batch, [{ rowNumber: 1, input }])
  await ingest.finish(batch)
  const oneAs = { token: await running.tokenFor('shop', one) }
  const otherAs = { token: await running.tokenFor('shop', other) }
  const [before] = [await packageOf(oneAs), await packageOf(oneAs, 'requestPortability')]
  for (const who of ['one', 'other']) expect(before.text).toContain(`Name of ${who}`)
  expect((await packageOf(otherAs)).text).toContain('Name of one')
  await ingest.undo(batch.id)
  expect((await follow(running, before.url)).status).toBe(404)
  for (const mutation of ['requestAccess', 'requestPortability']) {
    expect((await packageOf(oneAs, mutation)).text).not.toContain('Name of other')
    expect((await packageOf(otherAs, mutation)).text).not.toContain('Name of one')
  }
})

test('no link goes to an address that a browser has told of somebody', async () => {
  const { running } = house
  const anonymousId = `kiosk-${randomUUID()}`
  const typed = { type: 'profile', recordKey: 'typed', identifiers: given({ anonymousId }) }
  await running.gateway.ingest.acceptLive(
    'web',
    [{ ...typed, traits: { email: 'mallory@example.net' } }],
    { verified: false },
  )
  // The person signs in at the same device, and nobody else knows an address of theirs.
  const [subject = ''] = await running.take('crm', [
    {
      type: 'profile',
      recordKey: 'kiosk-user',
      identifiers: given({ userId: 'kiosk-user', anonymousId }),
      traits: { name: 'Kim Kiosk' },
    },
  ])
  const identity = {
    identity_type: 'controller_customer_id',
    identity_value: 'kiosk-user',
    identity_format: 'raw',
  }
  const body = asked({ subject_identities: [identity] })
  await openDsr(desk, '/requests', 'POST', body)
  await register().resolve()
  expect(await invitationsTo(running, subject)).toEqual([])
})

describe('a link', () => {
  const invited = async (name: string) => {
    const { subject } = await somebody(name)
    const body = asked(byEmail(`${name}@example.com`))
    await openDsr(desk, '/requests', 'POST', body)
    await register().resolve()
    const link = (await invitationsTo(house.running, subject)).at(-1)?.link ?? ''
    return { subject, link }
  }

  test('is followed once, however many try at the same time', async () => {
    const { link } = await invited('once')
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => await follow(house.running, link, 'POST')),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(7)
  })

  test('that was guessed, used, altered or belongs elsewhere looks the same', async () => {
    const { link } = await invited('alike')
    const { text } = await follow(house.running, link, 'POST')
    const [, url = ''] = /href="([^"]+)"/.exec(text) ?? []
    const [token, packageToken] = [link, url].map((one) => one.split('/').at(-1) ?? '')
    const guess = () => randomBytes(24).toString('base64url')
    const at = (path: string) => `http://x/v1/${path}`
    const posted = [guess(), token, packageToken, guess().slice(1), `${token}A`, '%00', '..%2f']
    const answers = [
      ...(await Promise.all(
        posted.map(async (one) => await follow(house.running, at(`confirm/access/${one}`), 'POST')),
      )),
      ...(await Promise.all(
        [guess(), token, guess().slice(1)].map(
          async (one) => await follow(house.running, at(`packages/${one}`)),
        ),
      )),
    ]
    const [first] = answers
    expect(first?.status).toBe(404)
    for (const one of answers) expect([one.status, one.text]).toEqual([404, first?.text])
    // The page before the button knows nothing of its link.
    const pages = [token, guess()].map(
      async (one) => (await follow(house.running, at(`confirm/access/${one}`))).text,
    )
    expect(new Set(await Promise.all(pages)).size).toBe(1)
  })

  test('for seeing what is known does not erase anybody', async () => {
    const { subject, link } = await invited('type')
    const erase = link.replace('/access/', '/erasure/')
    expect((await follow(house.running, erase, 'POST')).status).toBe(404)
    expect(house.running.gateway.stores.keys.dataKeyOf(subject)).not.toBeNull()
  })
})

describe('whether there is such a person', () => {
  test('is not told by any answer of OpenDSR', async () => {
    await somebody('exists')
    const seen = async (email: string) => {
      const body = asked(byEmail(email))
      const path = `/requests/${body.subject_request_id}`
      const answers = [await openDsr(desk, '/requests', 'POST', body)]
      await register().resolve()
      for (const method of ['GET', 'GET', 'DELETE', 'GET'])
        answers.push(await openDsr(desk, path, method))
      return answers.map(({ status, headers, text }) => {
        const { encoded_request: _own, ...rest } = JSON.parse(text)
        const plain = JSON.stringify(rest)
          .replaceAll(body.subject_request_id, 'id')
          .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
        const names = [...headers.keys()].filter((name) => name !== 'date')
        return [status, plain, names, headers.get('content-length')]
      })
    }
    const [known, unknown] = [await seen('exists@example.com'), await seen('absent@example.com')]
    expect(known).toEqual(unknown)
  })

  test('is not told by ids of requests of others', async () => {
    const { as } = await somebody('curious')
    const officer = house.as('compliance')
    const profile = house.running.pseudonym('compliance', (await somebody('asked-for')).subject)
    const { data } = await house.running.ask(
      officer,
      `mutation { requestAccess(profile: "${profile}") { id } }`,
    )
    await register().resolve()
    const theirs = data.requestAccess.id as string
    for (const document of [
      (id: string) => `{ subjectRequest(id: "${id}") { id status dueAt } }`,
      (id: string) => `mutation { cancelSubjectRequest(id: "${id}") { id } }`,
    ]) {
      const [one, other] = [
        comparable(await house.running.ask(as, document(theirs))),
        comparable(await house.running.ask(as, document(randomUUID()))),
      ]
      expect(one).toBe(other)
    }
    const still = await house.running.ask(officer, `{ subjectRequest(id: "${theirs}") { status } }`)
    expect(still.data.subjectRequest).toEqual({ status: 'pending' })
  })
})
