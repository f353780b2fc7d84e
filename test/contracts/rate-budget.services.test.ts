import { randomUUID } from 'node:crypto'
import { RedisLink } from '../../src/outbound/redis/redis-link.ts'
import { RedisRateBudget } from '../../src/outbound/redis/redis-rate-budget.ts'
import { OwnRedis, sharedRedis } from './own-redis.ts'
import { rateBudgetContract } from './rate-budget.contract.ts'

rateBudgetContract('over Redis', async (minuteSeconds) => {
  const prefix = randomUUID()
  const links = [
    await RedisLink.open(sharedRedis, prefix),
    await RedisLink.open(sharedRedis, prefix),
  ]
  const [one, other] = links.map((link) => new RedisRateBudget(link, minuteSeconds))
  if (!one || !other || !links.every(({ isUp }) => isUp))
    throw new Error('no Redis answers: bash docker/services.sh up')
  return { one, other, close: async () => links.forEach((link) => void link.close()) }
})

describe('while Redis is gone or hangs', () => {
  let redis: OwnRedis
  let link: RedisLink
  beforeAll(async () => {
    redis = await OwnRedis.start()
    link = await RedisLink.open(redis.url, 'house')
  })
  afterAll(async () => {
    link.close()
    await redis.signal('SIGKILL')
  })
  const up = async () => {
    while (!link.isUp) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  test('each gateway counts for itself, without waiting long, and together again afterwards', async () => {
    const rates = new RedisRateBudget(link)
    expect((await rates.spend('key', 5)).units).toBe(5)
    await redis.signal('SIGSTOP')
    const since = performance.now()
    expect((await rates.spend('key', 1)).units).toBe(1)
    expect((await rates.spend('key', 1)).units).toBe(2)
    // A budget that is counted nowhere would be no budget: it must be full at some time.
    for (let n = 0; n < 20; n += 1) await rates.spend('other', 1)
    expect((await rates.spend('other', 1)).units).toBe(21)
    expect(performance.now() - since).toBeLessThan(5_000)
    await redis.signal('SIGKILL')
    await redis.start()
    await up()
    expect((await rates.spend('key', 1)).units).toBe(1)
  })

  test('keys name clients and nothing else', async () => {
    await up()
    await new RedisRateBudget(link).spend('requests acme', 1)
    expect(await link.commands.keys('*acme*')).toEqual(['house:rate:requests acme'])
  })
})
