import type { Principal } from '../../../src/domain/access/principal.ts'
import { Budgets } from '../../../src/gateway/scope/budgets.ts'
import { InProcessRateBudget } from '../../../src/outbound/redis/in-process-rate-budget.ts'
import { AccessHouse } from '../access-house.ts'

let house: AccessHouse
let principal: Principal
beforeAll(async () => {
  house = await AccessHouse.open()
  const { key } = await house.client('shop', 'frontend')
  principal = await house.authenticate(key)
})

const budgets = () =>
  new Budgets({
    rates: new InProcessRateBudget(),
    counters: house.counters,
    perMinute: { requests: 5, cost: 100 },
    audiences: house.audiences,
  })
const limited = (
  requestsPerMinute: number | null,
  costPerMinute: number | null = null,
  tokenId = 'token',
): Principal => ({
  ...principal,
  tokenId,
  client: { ...principal.client, requestsPerMinute, costPerMinute },
})
/** A token of the client that was given less. */
const narrowed = (of: Principal, requestsPerMinute: number, tokenId: string): Principal => ({
  ...of,
  tokenId,
  client: { ...of.client, requestsPerMinute },
  registered: of.client,
})
/** How many requests in a row are taken. */
async function taken(house: Budgets, as: Principal, tries = 12): Promise<number> {
  let count = 0
  for (let n = 0; n < tries; n += 1)
    await house
      .of(as, 'id')
      .spendRequest()
      .then(
        () => {
          count += 1
        },
        () => {},
      )
  return count
}
const refused = expect.objectContaining({ code: 'RATE_LIMITED' })

describe('the budgets of a client', () => {
  test('are those of the installation, unless it is registered with others, more or fewer', async () => {
    expect(await taken(budgets(), limited(null))).toBe(5)
    expect(await taken(budgets(), limited(3))).toBe(3)
    expect(await taken(budgets(), limited(9))).toBe(9)
  })

  test('are shared by all its tokens', async () => {
    const one = budgets()
    expect(await taken(one, limited(null, null, 'one'), 4)).toBe(4)
    expect(await taken(one, limited(null, null, 'two'))).toBe(1)
  })

  test('are its own: another client has its own', async () => {
    const one = budgets()
    expect(await taken(one, limited(null))).toBe(5)
    const other = { ...limited(null), client: { ...principal.client, id: 'other' } }
    expect(await taken(one, other)).toBe(5)
  })

  test('hold for a token that was given less: neither it nor all of them together get more', async () => {
    const one = budgets()
    const client = limited(8)
    expect(await taken(one, narrowed(client, 3, 'narrow'))).toBe(3)
    // What it was refused is not taken from the others.
    expect(await taken(one, client, 4)).toBe(4)
    expect(await taken(one, narrowed(client, 3, 'another'))).toBe(1)
  })

  test('are not used up for a token that was given less by the others of its client', async () => {
    const one = budgets()
    const client = limited(8)
    expect(await taken(one, client, 5)).toBe(5)
    expect(await taken(one, narrowed(client, 3, 'narrow'), 3)).toBe(3)
  })

  test('are one for a token and all that are made of it, each with no more than it was given', async () => {
    const one = budgets()
    const client = limited(20)
    const root = { jti: 'root', requestsPerMinute: 6, costPerMinute: null }
    const made = (jti: string, most: number): Principal => ({
      ...narrowed(client, most, jti),
      budgetsFrom: [root],
    })
    expect(await taken(one, made('less', 2))).toBe(2)
    expect(await taken(one, made('one', 6), 3)).toBe(3)
    expect(await taken(one, made('two', 6))).toBe(1)
    expect(await taken(one, narrowed(client, 6, 'root'))).toBe(0)
    expect(await taken(one, client, 3)).toBe(3)
  })

  test('leave nine tenths to the others when one person asks for all, and names nobody where it counts', async () => {
    const keys: string[] = []
    const counter = new InProcessRateBudget()
    const one = new Budgets({
      rates: {
        spend: async (key, units) => {
          keys.push(key)
          return await counter.spend(key, units)
        },
      },
      counters: house.counters,
      perMinute: { requests: 20, cost: 100 },
      audiences: house.audiences,
    })
    const acting = async () => ({ ...limited(null), subject: await house.newPerson() })
    const [vic, bob] = [await acting(), await acting()]
    expect(await taken(one, vic, 40)).toBe(2)
    expect(await taken(one, bob)).toBe(2)
    expect(await taken(one, limited(null), 40)).toBe(16)
    const staff = { ...limited(null), foreign: { staff: 'staff-one' }, tokenId: 'foreign-one' }
    expect(await taken(budgets(), staff)).toBe(1)
    const { audience } = vic.client
    for (const { subject } of [vic, bob]) {
      expect(keys.join()).not.toContain(subject)
      expect(keys.join()).not.toContain(house.audiences.of(audience).of(subject))
    }
    expect(one.of(vic, 'id').costPerMinute).toBe(10)
  })

  test('take the cost of queries, and say what is left and until when', async () => {
    const one = budgets()
    const first = one.of(limited(null), 'id')
    await first.spendRequest()
    await first.spendCost(59.2)
    expect(first.states).toEqual([
      { name: 'requests', quota: 5, remaining: 4, resetSeconds: 60 },
      { name: 'cost', quota: 100, remaining: 40, resetSeconds: 60 },
    ])
    expect(first.retryAfter).toBeNull()
    const second = one.of(limited(null), 'id')
    await expect(second.spendCost(41)).rejects.toEqual(refused)
    expect(second.retryAfter).toBe(60)
    expect(second.states).toEqual([{ name: 'cost', quota: 100, remaining: 0, resetSeconds: 60 }])
  })

  test('leave no entry where they are used up, and are counted', async () => {
    const [entries, count] = [
      house.entries.length,
      house.counters.totals().get('rate-limited') ?? 0,
    ]
    expect(await taken(budgets(), limited(1), 7)).toBe(1)
    expect(house.entries.length).toBe(entries)
    expect(house.counters.totals().get('rate-limited')).toBe(count + 6)
  })
})
