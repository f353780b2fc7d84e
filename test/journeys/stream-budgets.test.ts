import type { SubjectId } from '../../src/kernel/ids.ts'
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
