import { randomUUID } from 'node:crypto'
import { RedisLink } from '../../src/outbound/redis/redis-link.ts'
import { RedisUsedProofs } from '../../src/outbound/redis/redis-used-proofs.ts'
import { OwnRedis, sharedRedis } from './own-redis.ts'
import { usedProofsContract } from './used-proofs.contract.ts'

async function over(url: string, prefix: string) {
  const link = await RedisLink.open(url, prefix)
  if (!link.isUp) throw new Error('no Redis answers: bash docker/services.sh up')
  return { link, used: new RedisUsedProofs(link), close: () => link.close() }
}

usedProofsContract('over Redis', async () => await over(sharedRedis, randomUUID()))

test('a proof that one gateway took no other of the installation takes, and another installation does', async () => {
  const prefix = randomUUID()
  const gateways = await Promise.all(Array.from({ length: 4 }, () => over(sharedRedis, prefix)))
  const taken = await Promise.all(gateways.map(({ used }) => used.take('proof', 60_000)))
  expect(taken.filter(Boolean)).toHaveLength(1)
  const elsewhere = await over(sharedRedis, randomUUID())
  expect(await elsewhere.used.take('proof', 60_000)).toBe(true)
  for (const one of [...gateways, elsewhere]) one.close()
})

test('while Redis is gone each gateway remembers what it took itself', async () => {
  const redis = await OwnRedis.start()
  const one = await over(redis.url, 'house')
  expect(await one.used.take('before', 60_000)).toBe(true)
  await redis.signal('SIGKILL')
  expect(await one.used.take('before', 60_000)).toBe(false)
  expect(await one.used.take('during', 60_000)).toBe(true)
  expect(await one.used.take('during', 60_000)).toBe(false)
  one.close()
})
