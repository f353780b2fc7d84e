import type { IngestInput } from '../../src/gateway/ingest/ingest-input.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'

/** Counts of people as partners, who get noise and a budget, and as analysts, who get neither. */
let running: RunningGateway
let partner: As
let lister: As
let analyst: As

const PEOPLE = 60

beforeAll(async () => {
  running = await RunningGateway.start({ BAUTA_REQUEST_TIMEOUT_MS: '60000' }, 'policy')
  const counting = { roles: ['partner'], scopes: ['segments:read'] } as const
  partner = {
    token: await running.client({ id: 'acme', ...counting }),
    purpose: 'PARTNER_SHARING',
  }
  lister = {
    token: await running.client({ id: 'acme-lists', roles: ['partner'], audience: 'acme' }),
    purpose: 'PARTNER_SHARING',
  }
  analyst = {
    token: await running.client({ id: 'ana', roles: ['analyst'] }),
    purpose: 'ANALYTICS',
  }
  await running.take('crm', Array.from({ length: PEOPLE }, (_, n) => personOf(n)).flat())
  const define = async (key: string, rule: unknown) =>
    await running.gateway.segments.defineAsOperator({ key, name: key, description: '', rule })
  await define('pros', { field: 'plan', is: '=', value: 'pro' })
  await define('professionals', { field: 'plan', is: '=', value: 'pro' })
  await define('germans', { field: 'country', is: '=', value: 'DE' })
  await define('nobody', { field: 'country', is: '=', value: 'MT' })
})
afterAll(async () => await running.stop())

/** Everybody is on the plan pro, and two in three live in Germany. */
function personOf(n: number): IngestInput[] {
  const identifiers = given({ userId: `person-${n}` })
  const traits = { plan: 'pro', country: n % 3 ? 'DE' : 'FR' }
  const consent = (purpose: string, recipient?: string) => ({
    type: 'consent' as const,
    identifiers,
    purpose,
    state: 'ConsentGiven' as const,
    ...(recipient === undefined ? {} : { recipient }),
  })
  return [
    { type: 'profile', recordKey: `person-${n}`, identifiers, traits },
    consent('PARTNER_SHARING', 'acme'),
    consent('ANALYTICS'),
    ...(n === 1
      ? [
          {
            type: 'event' as const,
            messageId: 'view',
            identifiers,
            name: 'Product Viewed',
            properties: { itemId: 'tea' },
          },
        ]
      : []),
  ]
}

const COUNT = 'value suppressed treatment roundedTo epsilon rho budgetLeft asOf'
const sizeOf = async (as: As, key: string) =>
  await running.ask(as, `query ($key: String!) { segment(key: $key) { size { ${COUNT} } } }`, {
    key,
  })
const budgetOf = async (as: As) =>
  (await running.ask(as, '{ viewer { budgets { population limit left perCount epsilonSpent } } }'))
    .data.viewer.budgets

describe('a partner that can not list people', () => {
  test('is told a count with noise, paid for and recorded before it is told', async () => {
    const entries = await running.entriesOf(async () => {
      const { data } = await sizeOf(partner, 'pros')
      const { value, ...size } = data.segment.size
      expect(size).toMatchObject({ suppressed: false, treatment: 'NOISED', roundedTo: null })
      expect(size).toMatchObject({ epsilon: 0.25, rho: null, budgetLeft: 9.75 })
      // Noise of scale 4: farther than 80 from the truth once in 10^9.
      expect(Math.abs(value - PEOPLE)).toBeLessThan(80)
    })
    expect(entries).toHaveLength(2)
    expect(entries[0]).toMatchObject({
      phase: 'decision',
      outcome: 'permit',
      audience: 'acme',
      purpose: 'PARTNER_SHARING',
      dp: { epsilon: 0.25, budgetLeft: 9.75, population: 'PARTNER_SHARING' },
      action: { action: 'count.noised' },
    })
    expect(entries[1]).toMatchObject({ action: { counted: 'pros' } })
    expect(entries[1]?.dp).toBeUndefined()
  })

  test('gains nothing by asking a thousand times, or for the same rule under another name', async () => {
    const before = await budgetOf(partner)
    const { data } = await sizeOf(partner, 'pros')
    const one = JSON.stringify(data.segment.size)
    const names = Array.from({ length: 25 }, (_, n) => (n % 2 ? 'professionals' : 'pros'))
    const query = `{ ${names.map((key, n) => `a${n}: segment(key: "${key}") { size { ${COUNT} } }`).join(' ')} }`
    for (let round = 0; round < 40; round++) {
      const answers: { size: unknown }[] = Object.values((await running.ask(partner, query)).data)
      expect(answers).toHaveLength(25)
      for (const { size } of answers) expect(JSON.stringify(size)).toBe(one)
    }
    expect(await budgetOf(partner)).toEqual(before)
  })

  test('is told nothing of few people, after noise', async () => {
    const { data } = await sizeOf(partner, 'nobody')
    // Twenty is five times the scale from nobody: told once in 300.
    expect(data.segment.size).toMatchObject({ treatment: 'NOISED', epsilon: 0.25 })
    const { value, suppressed } = data.segment.size
    expect(suppressed).toBe(value === null)
    expect(value === null || value >= 20).toBe(true)
  })

  test('words no questions of its own and lists nobody', async () => {
    for (const query of [
      '{ segmentPreview(rule: { field: "plan", is: "=", value: "pro" }) { value } }',
      '{ segmentOverlap(keys: ["pros", "germans"]) { keys } }',
      '{ segmentFunnel(keys: ["pros", "germans"]) { keys } }',
      '{ searchProfiles(first: 5) { edges { cursor } } }',
    ])
      expect((await running.ask(partner, query)).codes).toEqual(['FORBIDDEN'])
  })

  test('is refused when the budget is used up, and keeps what it was told', async () => {
    const { audience, population, mechanism, window } = {
      audience: 'acme',
      population: 'PARTNER_SHARING',
      mechanism: 'laplace',
      window: new Date().toISOString().slice(0, 7),
    }
    const told = (await sizeOf(partner, 'pros')).data
    await running.gateway.stores.opened.database.query(
      `UPDATE privacy_budget SET spent = 9900000
       WHERE audience = $1 AND population = $2 AND mechanism = $3 AND window_key = $4`,
      [audience, population, mechanism, window],
    )
    const size = await running.gateway.stores.auditLog.size()
    const refused = await sizeOf(partner, 'germans')
    expect(refused.codes).toEqual(['PRIVACY_BUDGET_EXHAUSTED'])
    expect(refused.data.segment.size).toBeNull()
    expect((await running.gateway.stores.auditLog.size()) - size).toBe(1)
    expect((await running.entries(1))[0]).toMatchObject({ code: 'PRIVACY_BUDGET_EXHAUSTED' })
    expect((await sizeOf(partner, 'pros')).data).toEqual(told)
    expect(await budgetOf(partner)).toEqual([
      { population: 'PARTNER_SHARING', limit: 10, left: 0.1, perCount: 0.25, epsilonSpent: 9.9 },
    ])
  })
})

describe('a partner that can list people', () => {
  test('is told a rounded count, and that no noise was added', async () => {
    const { data } = await sizeOf(lister, 'pros')
    expect(data.segment.size).toMatchObject({
      value: 60,
      suppressed: false,
      treatment: 'GENERALISED',
      roundedTo: 10,
      epsilon: null,
      budgetLeft: null,
    })
    expect(await budgetOf(lister)).toEqual([])
  })

  test('words no questions of its own either', async () => {
    const { codes } = await running.ask(
      lister,
      '{ segmentPreview(rule: { field: "plan", is: "=", value: "pro" }) { value } }',
    )
    expect(codes).toEqual(['FORBIDDEN'])
  })
})

describe('an analyst', () => {
  const preview = async (rule: unknown) =>
    await running.ask(
      analyst,
      `query ($rule: JSON!) { segmentPreview(rule: $rule) { ${COUNT} } }`,
      {
        rule,
      },
    )

  test('previews a rule, rounded to ten, and is told nothing below twenty', async () => {
    const { data } = await preview({ field: 'country', is: '=', value: 'DE' })
    expect(data.segmentPreview).toMatchObject({
      value: 40,
      treatment: 'GENERALISED',
      roundedTo: 10,
      epsilon: null,
    })
    const few = await preview({ field: 'country', is: '=', value: 'MT' })
    expect(few.data.segmentPreview).toMatchObject({ value: null, suppressed: true })
  })

  test('does not find one person by leaving that person out', async () => {
    const whole = await preview({ field: 'country', is: '=', value: 'DE' })
    // One German has viewed a product, and nobody has added one: both sets are told alike.
    for (const event of ['Product Viewed', 'Product Added']) {
      const not = { event, is: 'atLeast', count: 1, withinDays: null }
      const rest = await preview({ all: [{ field: 'country', is: '=', value: 'DE' }, { not }] })
      expect(rest.data).toEqual(whole.data)
    }
  })

  test('is told what segments have in common, and how many are left at each step', async () => {
    const { data } = await running.ask(
      analyst,
      `{ segmentOverlap(keys: ["pros", "germans", "nobody"]) { keys count { value suppressed } }
         segmentFunnel(keys: ["germans", "nobody"]) { keys count { value suppressed } } }`,
    )
    const told = { value: 40, suppressed: false }
    const withheld = { value: null, suppressed: true }
    expect(data.segmentOverlap).toEqual([
      { keys: ['pros', 'germans'], count: told },
      { keys: ['pros', 'nobody'], count: withheld },
      { keys: ['germans', 'nobody'], count: withheld },
    ])
    expect(data.segmentFunnel).toEqual([
      { keys: ['germans'], count: told },
      { keys: ['germans', 'nobody'], count: withheld },
    ])
  })

  test('is refused rules over what it may not see, rules that are none, and questions without a purpose', async () => {
    expect((await preview({ field: 'loyaltyTier', is: '=', value: 'gold' })).codes).toEqual([
      'FORBIDDEN',
    ])
    expect((await preview({ field: 'plan' })).codes).toEqual(['BAD_USER_INPUT'])
    const { token } = analyst
    const without = await running.ask(
      { token },
      '{ segmentPreview(rule: { field: "country", is: "=", value: "DE" }) { value } }',
    )
    expect(without.codes).toEqual(['PURPOSE_REQUIRED'])
  })
})
