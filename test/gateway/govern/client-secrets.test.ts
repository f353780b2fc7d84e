import { argon2i, argon2id, hash } from 'argon2'
import type { SecretHasher } from '../../../src/domain/access/secret-hasher.ts'
import { TokenClients } from '../../../src/gateway/govern/token-client.ts'
import { Refusal } from '../../../src/kernel/refusal.ts'
import { AccessHouse } from '../access-house.ts'

let house: AccessHouse
beforeEach(async () => {
  house = await AccessHouse.open()
})

describe('secrets', () => {
  test('are kept as argon2id at the recommended cost', async () => {
    expect(await house.hasher.hash('secret')).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/)
  })

  test('of nobody match nothing, not even the empty one', async () => {
    expect(await house.hasher.verify(null, '')).toBe(false)
  })

  test.each([
    ['nobody', 'a client that does not exist'],
    ['gone', 'one that is revoked'],
    ['keyed', 'one that has a key only'],
    ['feed', 'one that has another secret'],
  ])('of %s (%s) are compared with a hash all the same', async (id) => {
    await house.client('gone', 'ingest', {}, true)
    await house.clients.revoke('gone')
    await house.client('keyed', 'ingest')
    await house.client('feed', 'ingest', {}, true)
    const compared = jest.spyOn(house.hasher, 'verify')
    const proof = { secret: { clientId: id, secret: 'guessed' }, bearer: null }
    const form = new Map([['grant_type', 'client_credentials']])
    await expect(house.tokens.grant({ requestId: 'r', form, proof })).rejects.toMatchObject({
      code: 'invalid_client',
    })
    const hash = (await house.store.find(id))?.secretHash ?? null
    expect(compared.mock.calls).toEqual([[id === 'feed' ? hash : null, 'guessed']])
  })

  const weaker = [
    ['a smaller memory', { memoryCost: 8_192, timeCost: 2, parallelism: 1, type: argon2id }],
    ['another memory', { memoryCost: 20_000, timeCost: 2, parallelism: 1, type: argon2id }],
    ['one pass', { memoryCost: 19_456, timeCost: 1, parallelism: 1, type: argon2id }],
    ['two lanes', { memoryCost: 19_456, timeCost: 2, parallelism: 2, type: argon2id }],
    ['argon2i', { memoryCost: 19_456, timeCost: 2, parallelism: 1, type: argon2i }],
  ] as const
  test.each(weaker)('that were hashed with %s are hashed anew when next used', async (_, cost) => {
    const { client } = await house.client('feed', 'ingest')
    const weak = await hash('secret', cost)
    await house.store.save(client, weak)
    const ask = async (secret: string) =>
      await house.tokens.grant({
        requestId: 'r',
        form: new Map([['grant_type', 'client_credentials']]),
        proof: { secret: { clientId: 'feed', secret }, bearer: null },
      })
    await expect(ask('wrong')).rejects.toMatchObject({ code: 'invalid_client' })
    expect((await house.store.find('feed'))?.secretHash).toBe(weak)
    await ask('secret')
    const strong = (await house.store.find('feed'))?.secretHash ?? ''
    expect(strong).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/)
    await ask('secret')
    expect((await house.store.find('feed'))?.secretHash).toBe(strong)
  })

  test('are taken also where a crowd leaves no room to hash them anew', async () => {
    const { client } = await house.client('feed', 'ingest')
    const weak = await hash('secret', weaker[0][1])
    await house.store.save(client, weak)
    const { hasher, store, authenticator, counters } = house
    const crowded: SecretHasher = {
      hash: async () => {
        throw new Refusal('BUDGET_EXHAUSTED', 'Too many log-ins at once; try again shortly.')
      },
      verify: async (stored, secret) => await hasher.verify(stored, secret),
      isOutdated: (stored) => hasher.isOutdated(stored),
    }
    const clients = new TokenClients(store, crowded, authenticator, counters)
    const proof = { secret: { clientId: 'feed', secret: 'secret' }, bearer: null }
    expect(await clients.recognise(proof, 'r')).toMatchObject({ client: { id: 'feed' } })
    expect((await store.find('feed'))?.secretHash).toBe(weak)
  })

  test('are checked two at a time, anybody’s and nobody’s alike, and a crowd is sent away', async () => {
    const hash = await house.hasher.hash('secret')
    const verify = async (n: number) => await house.hasher.verify(n % 2 ? hash : null, 'secret')
    const crowd = Array.from({ length: 110 }, (_, n) => verify(n))
    const outcomes = await Promise.allSettled(crowd)
    const count = (status: string) => outcomes.filter((one) => one.status === status).length
    expect(count('fulfilled')).toBe(102)
    expect(count('rejected')).toBe(8)
    expect(await house.hasher.verify(hash, 'secret')).toBe(true)
  })
})
