import type { SubjectId } from '../../src/kernel/ids.ts'
import { limits } from '../../src/kernel/limits.ts'
import { follow, until } from '../follow.ts'
import { given, RunningGateway } from '../running-gateway.ts'

let running: RunningGateway
let person: SubjectId
beforeAll(async () => {
  running = await RunningGateway.start()
  const [subject] = await tell('first', { name: 'Zora Quell', plan: 'basic' })
  if (!subject) throw new Error('nobody was made')
  person = subject
})
afterAll(async () => await running.stop())

async function tell(recordKey: string, traits: Readonly<Record<string, string>>) {
  const identifiers = given({ userId: 'budgeted' })
  return await running.take('crm', [{ type: 'profile', recordKey, identifiers, traits }])
}

/** Two polls of the change table: who is told anything has been told by then. */
const silence = async () => await new Promise((resolve) => setTimeout(resolve, 800))
const subscription = (id: string) =>
  `subscription { profileChanged(id: "${id}") { profile { id account { plan } } } }`

describe('what a stream costs', () => {
  /** What is left of the minute, without the cost of asking. */
  async function left(token: string): Promise<number> {
    const { headers } = await running.ask({ token, purpose: 'SERVICE' }, '{ viewer { client } }')
    const text = /"cost";r=(\d+)/.exec(headers.ratelimit ?? '')?.[1]
    asked += 1
    return Number(text) + asked * (await ofAsking())
  }
  let asked = 0
  let price: number | null = null
  async function ofAsking(): Promise<number> {
    if (price !== null) return price
    const key = await running.client({ id: 'meter', roles: ['support'], costPerMinute: 1_000 })
    const { headers } = await running.ask({ token: key }, '{ viewer { client } }')
    price = 1_000 - Number(/"cost";r=(\d+)/.exec(headers.ratelimit ?? '')?.[1])
    return price
  }

  test('is what it tells: a change that is hidden leaves the budget as it was, one that is told does not', async () => {
    const key = await running.client({
      id: 'watcher',
      roles: ['support'],
      purposes: ['SERVICE'],
      costPerMinute: 10_000,
    })
    const id = running.pseudonym('watcher', person)
    const stream = follow(running.origin, { token: key, purpose: 'SERVICE' }, subscription(id))
    try {
      await silence()
      const before = await left(key)
      await tell('hidden', { name: 'Zora Quill' })
      await tell('hidden again', { name: 'Zora Quall' })
      await silence()
      expect(stream.events).toEqual([])
      expect(await left(key)).toBe(before)
      await tell('seen', { plan: 'plus' })
      await until(() => stream.events.length === 1)
      expect(await left(key)).toBeLessThan(before)
    } finally {
      stream.close()
    }
  })
})

describe('open streams', () => {
  const id = () => running.pseudonym('hoarder', person)
  async function open(token: string, purpose: string, query: string) {
    const gone = new AbortController()
    const response = await fetch(`${running.origin}/graphql/stream`, {
      method: 'POST',
      signal: gone.signal,
      headers: {
        authorization: `Bearer ${token}`,
        'bauta-purpose': purpose,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify({ query }),
    })
    return { status: response.status, close: () => gone.abort() }
  }

  test('are so many for a client, and one more when one has ended; others are not touched', async () => {
    const key = await running.client({ id: 'hoarder', roles: ['support'], purposes: ['SERVICE'] })
    const other = await running.client({ id: 'modest', roles: ['support'], purposes: ['SERVICE'] })
    const one = async (token = key) => await open(token, 'SERVICE', subscription(id()))
    const held = []
    for (let n = 0; n < limits.streamsPerClient; n += 1) held.push(await one())
    try {
      expect(new Set(held.map(({ status }) => status))).toEqual(new Set([200]))
      expect((await one()).status).toBe(429)
      held.push(await one(other))
      expect(held.at(-1)?.status).toBe(200)
      held[0]?.close()
      await until(async () => {
        const again = await one()
        held.push(again)
        return again.status === 200
      })
      expect((await one()).status).toBe(429)
    } finally {
      for (const { close } of held) close()
    }
  })

  test('are fewer for one person, and the others of the shop have theirs', async () => {
    await running.client({ id: 'shop', roles: ['frontend'] })
    const [other] = await running.take('crm', [
      { type: 'profile', recordKey: 'other', identifiers: given({ userId: 'other' }), traits: {} },
    ])
    if (!other) throw new Error('nobody was made')
    const [greedy, modest] = [
      await running.tokenFor('shop', person),
      await running.tokenFor('shop', other),
    ]
    const query = 'subscription { profileChanged { profile { id } } }'
    const held = []
    for (let n = 0; n <= limits.streamsPerPerson; n += 1)
      held.push(await open(greedy, 'PERSONALIZATION', query))
    held.push(await open(modest, 'PERSONALIZATION', query))
    for (const { close } of held) close()
    expect(held.map(({ status }) => status)).toEqual([
      ...Array.from({ length: limits.streamsPerPerson }, () => 200),
      429,
      200,
    ])
  })
})
