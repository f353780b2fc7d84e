import { parse } from 'csv-parse/sync'
import { DAY } from '../../src/kernel/time.ts'
import { follow, invitationsTo, somebodyOf } from '../peoples-requests.ts'
import { StaffedGateway } from '../staffed-gateway.ts'
import { unzipped } from '../unzipped.ts'

const FIELDS = '{ id type status overdue packageUrl receivedAt dueAt settledAt }'
const FORMULA = '=HYPERLINK("https://example.com")'
const SCRIPT = '<script>alert(1)</script>'

let house: StaffedGateway

beforeAll(async () => {
  house = await StaffedGateway.open()
})
afterAll(async () => {
  await house?.stop()
})

const gateway = () => house.running.gateway
const register = () => gateway().requests.register
const vic = async (query: string) => await house.running.ask(house.shop, query)
const officer = async (query: string, variables = {}) =>
  await house.running.ask(house.as('compliance'), query, variables)
const query = async (text: string, values: unknown[] = []) =>
  await gateway().stores.opened.database.query<Record<string, unknown>>(text, values)

const somebody = async (name: string, traits = {}) => await somebodyOf(house.running, name, traits)

describe('a person who has signed in', () => {
  test('gets everything that is known, with where it came from and who saw it', async () => {
    const { subject, as } = await somebody('anna', {
      name: SCRIPT,
      company: 'ACME',
      motto: FORMULA,
      shoeSize: '43-and-a-half',
    })
    await house.running.ask(
      house.as('compliance'),
      `{ profile(id: "${house.running.pseudonym('compliance', subject)}") { id contact { email } } }`,
    )
    const { data, codes } = await house.running.ask(as, `mutation { requestAccess ${FIELDS} }`)
    expect(codes).toEqual([])
    expect(data.requestAccess).toMatchObject({ type: 'access', status: 'completed' })
    const entries = await house.running.entriesOf(async () => {
      const { status, type, bytes } = await follow(house.running, data.requestAccess.packageUrl)
      expect([status, type]).toEqual([200, 'application/zip'])
      const files = unzipped(bytes)
      const all = JSON.parse(files['data.json'] ?? '')
      expect(all.values).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            key: 'company',
            value: 'ACME',
            source: 'crm',
            keptDays: null,
          }),
          expect.objectContaining({ key: 'email', value: 'anna@example.com' }),
        ]),
      )
      expect(all.told).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ source: 'crm', key: 'shoeSize', value: '43-and-a-half' }),
          expect.objectContaining({ key: 'userId', value: 'u-anna' }),
        ]),
      )
      expect(all.events).toMatchObject([
        { name: 'Product Viewed', itemId: 'tea', properties: { colour: 'anna-colour' } },
      ])
      expect(all.derived.logic.join(' ')).toContain('rules')
      expect(all.recipients.map((one: { by: string }) => one.by)).toContain('compliance')
      const rows = parse(files['sources.csv'] ?? '', { columns: true }) as Record<string, string>[]
      expect(rows.find(({ key }) => key === 'motto')?.value).toBe(`'${FORMULA}`)
      expect(files['index.html']).toContain('&lt;script&gt;alert(1)')
      expect(files['index.html']).not.toContain('<script')
    })
    const seen = await house.running.ask(
      { ...house.as('compliance') },
      `{ disclosuresOf(profile: "${house.running.pseudonym('compliance', subject)}") { edges { node { byPerson fields { path } } } } }`,
    )
    expect(seen.data.disclosuresOf.edges.map((one: { node: unknown }) => one.node)).toContainEqual({
      byPerson: true,
      fields: [{ path: 'package' }],
    })
    expect(entries.at(-1)).toMatchObject({
      action: { action: 'package.fetch' },
      subjects: [{ ref: gateway().stores.keys.auditRefOf(subject) }],
    })
  })

  test('asks twice and is answered once, by another link', async () => {
    const first = (await vic(`mutation { requestAccess ${FIELDS} }`)).data.requestAccess
    const second = (await vic(`mutation { requestAccess ${FIELDS} }`)).data.requestAccess
    expect(second.id).toBe(first.id)
    expect(second.packageUrl).not.toBe(first.packageUrl)
    expect((await follow(house.running, first.packageUrl)).status).toBe(404)
    expect((await follow(house.running, second.packageUrl)).status).toBe(200)
  })

  test('takes away what was provided and observed, and nothing that was worked out', async () => {
    const { as } = await somebody('pia', { name: 'Pia P' })
    const filesOf = async (mutation: string) => {
      const { data } = await house.running.ask(as, `mutation { it: ${mutation} ${FIELDS} }`)
      return unzipped((await follow(house.running, data.it.packageUrl)).bytes)
    }
    expect(JSON.stringify(await filesOf('requestAccess'))).toContain('sessionCount')
    const files = await filesOf('requestPortability')
    const all = JSON.parse(files['data.json'] ?? '')
    expect([all.derived, all.recipients]).toEqual([null, null])
    expect(Object.keys(files)).not.toContain('recipients.csv')
    expect(all.values.map(({ value }: { value: unknown }) => value)).toContain('Pia P')
    expect(JSON.stringify(files)).not.toContain('sessionCount')
  })

  test('sees their own requests, compliance everybody’s, and nobody else any', async () => {
    const { as } = await somebody('nora')
    const own = (await vic(`mutation { requestPortability ${FIELDS} }`)).data.requestPortability
    const stranger = await house.running.ask(
      as,
      `{ subjectRequests { id } subjectRequest(id: "${own.id}") { id } }`,
    )
    expect(stranger.data).toEqual({ subjectRequests: [], subjectRequest: null })
    const { data } = await officer(
      `{ subjectRequest(id: "${own.id}") { packageUrl profile { id } } }`,
    )
    expect(data.subjectRequest).toEqual({
      packageUrl: null,
      profile: { id: house.pseudonym('compliance') },
    })
    for (const [role, as] of house.everybody)
      if (!['compliance', 'frontend'].includes(role))
        for (const document of ['{ subjectRequests { id } }', 'mutation { requestAccess { id } }'])
          expect([role, (await house.running.ask(as, document)).codes]).toEqual([
            role,
            ['FORBIDDEN'],
          ])
  })

  test('finds in the register what they demanded and what was met at once', async () => {
    const { as } = await somebody('olga')
    await house.running.ask(as, 'mutation { object(purpose: "MARKETING") { accepted } }')
    await house.running.ask(as, 'mutation { rectify(trait: "city", value: "Kiel") { accepted } }')
    const { data } = await house.running.ask(as, '{ subjectRequests { type status } }')
    expect(data.subjectRequests).toEqual(
      expect.arrayContaining([
        { type: 'objection', status: 'completed' },
        { type: 'rectification', status: 'completed' },
      ]),
    )
  })
})

describe('what is demanded and met at once', () => {
  const demands = [
    ['objection', 'mutation { object(purpose: "MARKETING") { accepted } }'],
    ['restriction', 'mutation { restrictProcessing { accepted } }'],
    ['rectification', 'mutation { rectify(trait: "city", value: "Kiel") { accepted } }'],
    ['erasure', 'mutation { eraseProfile { id } }'],
  ] as const
  const linesOf = async (type: string) =>
    await query('SELECT id FROM subject_request WHERE type = $1', [type])
  const kept = async (subject: string) =>
    await query(
      `SELECT (SELECT count(*) FROM consent_record)::int AS consents, (SELECT count(*) FROM record)::int AS records,
         (SELECT count(*) FROM subject WHERE id = $1)::int AS people, (SELECT count(*) FROM erasure)::int AS erasures,
         (SELECT count(*) FROM delivery)::int AS messages`,
      [subject],
    )

  test.each(demands)('holds together with its line in the register: %s', async (type, mutation) => {
    const { subject, as } = await somebody(`met-${type}`)
    const [lines, before] = [await linesOf(type), await kept(subject)]
    const block = `ALTER TABLE subject_request ADD CONSTRAINT blocked CHECK (type <> '${type}') NOT VALID`
    await query(block)
    const { codes } = await house.running.ask(as, mutation)
    await query('ALTER TABLE subject_request DROP CONSTRAINT blocked')
    expect(codes).toHaveLength(1)
    expect([await linesOf(type), await kept(subject)]).toEqual([lines, before])
    const entries = await house.running.entriesOf(async () => {
      expect((await house.running.ask(as, mutation)).codes).toEqual([])
    })
    const known = new Set(lines.map(({ id }) => id))
    const [line, ...more] = (await linesOf(type)).filter(({ id }) => !known.has(id))
    expect(more).toEqual([])
    expect(JSON.stringify(entries)).toContain(String(line?.id))
  })

  test('is not in the register where it was refused', async () => {
    const { as } = await somebody('refused')
    const lines = await linesOf('rectification')
    for (const trait of ['plan', 'phone', 'no-such']) {
      const mutation = `mutation { rectify(trait: "${trait}", value: "x") { accepted } }`
      expect((await house.running.ask(as, mutation)).codes).toHaveLength(1)
    }
    expect(await linesOf('rectification')).toEqual(lines)
  })
})

describe('a package', () => {
  test('lies sealed, and goes with its person and when it expires', async () => {
    const { subject, as } = await somebody('paul', { name: 'Paul Canary' })
    const { data } = await house.running.ask(as, `mutation { requestAccess ${FIELDS} }`)
    const [row] = await query('SELECT sealed FROM subject_package WHERE subject_id = $1', [subject])
    expect(String(row?.sealed)).not.toContain('Canary')
    await query(`UPDATE subject_package SET expires_at = now() WHERE subject_id = $1`, [subject])
    expect((await follow(house.running, data.requestAccess.packageUrl)).status).toBe(404)
    expect(await register().tidy()).toBeGreaterThan(0)
    expect(await query('SELECT FROM subject_package WHERE subject_id = $1', [subject])).toEqual([])
    await house.running.ask(as, `mutation { requestAccess { id } }`)
    await house.running.ask(as, 'mutation { eraseProfile { id } }')
    expect(await query('SELECT FROM subject_package WHERE subject_id = $1', [subject])).toEqual([])
  })

  test('is not told by guessed, misspelt or foreign links', async () => {
    for (const token of ['x', 'A'.repeat(32), `${'A'.repeat(31)}%2F`])
      expect((await follow(house.running, `http://x/v1/packages/${token}`)).status).toBe(404)
  })
})

test('staff asks for somebody, who is sent a link; a deadline is extended once', async () => {
  const { subject } = await somebody('ulla')
  const profile = house.running.pseudonym('compliance', subject)
  const ask = `mutation ($profile: String) { requestAccess(profile: $profile) ${FIELDS} }`
  const { data } = await officer(ask, { profile })
  expect(data.requestAccess).toMatchObject({ status: 'pending', packageUrl: null })
  await register().resolve()
  expect(await invitationsTo(house.running, subject)).toHaveLength(1)
  const { id } = data.requestAccess
  const extend = `mutation { extendSubjectRequest(id: "${id}", reason: "three systems") { dueAt } }`
  const later = (await officer(extend)).data.extendSubjectRequest.dueAt
  expect(Date.parse(later)).toBeGreaterThan(Date.parse(data.requestAccess.dueAt))
  expect((await officer(extend)).codes).toEqual(['CONFLICT'])
  expect((await vic(extend)).codes).toEqual(['FORBIDDEN'])
  await query('UPDATE subject_request SET due_at = now() WHERE id = $1', [id])
  expect((await officer('{ subjectRequests(overdue: true) { id } }')).data.subjectRequests).toEqual(
    [{ id }],
  )
  await register().count()
  const metrics = await (await fetch(`${house.running.origin}/metrics`)).text()
  expect(metrics).toMatch(/^bauta_subject_requests_overdue 1$/m)
})

test('the deadline counts by the law under which is asked', async () => {
  const { as } = await somebody('cara')
  const ask = async (regulation: string) =>
    await house.running.ask(
      as,
      `mutation { requestAccess(regulation: "${regulation}") { regulation submittedAt dueAt } }`,
    )
  const { regulation, submittedAt, dueAt } = (await ask('ccpa')).data.requestAccess
  expect(regulation).toBe('ccpa')
  expect((Date.parse(dueAt) - Date.parse(submittedAt)) / DAY).toBe(45)
  expect((await ask('hammurabi')).codes).toEqual(['BAD_USER_INPUT'])
})

test('what a crash interrupts is met by the next gateway, without doing it twice', async () => {
  const { subject, as } = await somebody('vera')
  const { stores } = gateway()
  const step = stores.subjectRequests.step.bind(stores.subjectRequests)
  stores.subjectRequests.step = async () => await Promise.reject(new Error('killed'))
  const broken = await house.running.ask(as, 'mutation { requestAccess { id } }')
  stores.subjectRequests.step = step
  expect(broken.codes).toHaveLength(1)
  const open = await stores.subjectRequests.list({
    status: 'in_progress',
    overdueAt: null,
    subject,
    limit: 9,
  })
  expect(open).toHaveLength(1)
  await query(`UPDATE subject_request SET changed_at = now() - interval '2 minutes'`)
  await register().tidy()
  const { data } = await house.running.ask(as, `mutation { requestAccess ${FIELDS} }`)
  expect(data.requestAccess).toMatchObject({ id: open[0]?.id, status: 'completed' })
  expect((await follow(house.running, data.requestAccess.packageUrl)).status).toBe(200)
})
