import { randomBytes, randomUUID } from 'node:crypto'
import { RedisBulletin } from '../../src/outbound/redis/redis-bulletin.ts'
import { RedisLink } from '../../src/outbound/redis/redis-link.ts'
import { type Announcing, bulletinContract, hearing, passing } from './bulletin.contract.ts'
import { OwnRedis, sharedRedis } from './own-redis.ts'

const randomness = { bytes: (count: number) => randomBytes(count) }

async function over(url: string, prefix: string): Promise<Announcing & { link: RedisLink }> {
  const link = await RedisLink.open(url, prefix)
  return { link, bulletin: new RedisBulletin(link, randomness), close: () => link.close() }
}

bulletinContract('over Redis', async () => {
  const opened = await over(sharedRedis, randomUUID())
  if (!opened.link.isUp) throw new Error(`no Redis answers: bash docker/services.sh up`)
  return opened
})

let redis: OwnRedis
let one: Announcing & { link: RedisLink }
let other: Announcing & { link: RedisLink }
beforeAll(async () => {
  redis = await OwnRedis.start()
  one = await over(redis.url, 'house')
  other = await over(redis.url, 'house')
  await passing(200)
})
afterAll(async () => {
  one.close()
  other.close()
  await redis.signal('SIGKILL')
})

const ups = async (isUp: boolean) => {
  while (one.link.isUp !== isUp || other.link.isUp !== isUp) await passing(20)
}

test('what one gateway announces is told in the other, and in another installation to nobody', async () => {
  const elsewhere = await over(redis.url, 'elsewhere')
  await passing(200)
  const [there, stranger] = [
    hearing(other.bulletin, 'changes'),
    hearing(elsewhere.bulletin, 'changes'),
  ]
  one.bulletin.announce('changes')
  await there.until(1)
  await passing(100)
  expect([there.times(), stranger.times()]).toEqual([1, 0])
  there.unlisten()
  elsewhere.close()
})

test('what nobody of the house could have said tells nothing', async () => {
  const there = hearing(other.bulletin, 'keys')
  for (const text of ['', 'x', 'x y z', 'someone everything', `x ${'k'.repeat(100_000)}`])
    await one.link.commands.publish('house:news', text)
  await passing(100)
  expect(there.times()).toBe(0)
  there.unlisten()
})

test('while Redis is gone or hangs each goes on by itself, and looks at everything when it is back', async () => {
  for (const [stop, goOn] of [
    [async () => await redis.signal('SIGKILL'), async () => await redis.start()],
    [async () => await redis.signal('SIGSTOP'), async () => await redis.signal('SIGCONT')],
  ] as const) {
    await stop()
    await ups(false)
    const [here, there] = [hearing(one.bulletin, 'keys'), hearing(other.bulletin, 'keys')]
    one.bulletin.announce('keys')
    await passing(100)
    expect([here.times() > 0, there.times()]).toEqual([true, 0])
    await goOn()
    await ups(true)
    // What was missed meanwhile is looked at, without anybody saying so again.
    await there.until(1)
    here.unlisten()
    there.unlisten()
  }
})

test('a gateway that starts while Redis is gone waits a moment only, and finds it later', async () => {
  await redis.signal('SIGKILL')
  const late = await over(redis.url, 'house')
  expect(late.link.isUp).toBe(false)
  const heard = hearing(late.bulletin, 'changes')
  await redis.start()
  await ups(true)
  await heard.until(1)
  const before = heard.times()
  await passing(100)
  one.bulletin.announce('changes')
  await heard.until(before + 1)
  late.close()
})
