import { argon2id, hash } from 'argon2'
import type { SecretHasher } from '../../../src/domain/access/secret-hasher.ts'
import { TokenClients } from '../../../src/gateway/govern/token-client.ts'
import { Refusal } from '../../../src/kernel/refusal.ts'
import { AccessHouse } from '../access-house.ts'

let house: AccessHouse
beforeEach(async () => {
  house = await AccessHouse.open()
})

const weakHash = async (secret: string) =>
  await hash(secret, { type: argon2id, memoryCost: 8_192, timeCost: 2, parallelism: 1 })

describe('secrets', () => {
  test('are kept as argon2id at the recommended cost', async () => {
    expect(await house.hasher.hash('secret')).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/)
  })

  test('of nobody match nothing, not even the empty one', async () => {
    expect(await house.hasher.verify(null, '')).toBe(false)
  })

  test('are compared with a hash also where there is no client, a revoked one, or one without a secret', async () => {
    await house.client('gone', 'ingest', {}, true)
    await house.clients.revoke('gone')
    await house.client('keyed', 'ingest')
    const compared = jest.spyOn(house.hasher, 'verify')
    const form = new Map([['grant_type', 'client_credentials']])
    for (const clientId of ['nobody', 'gone', 'keyed']) {
      const proof = { secret: { clientId, secret: 'guessed' }, bearer: null, possession: null }
      await expect(
        house.tokens.grant({ requestId: 'r', form, proof, binding: null }),
      ).rejects.toMatchObject({
        code: 'invalid_client',
      })
      expect(compared.mock.lastCall).toEqual([null, 'guessed'])
    }
    expect(compared).toHaveBeenCalledTimes(3)
  })

  test('that were hashed with a smaller memory are hashed anew when next used', async () => {
    const { client } = await house.client('feed', 'ingest')
    const weak = await weakHash('secret')
    await house.store.save(client, weak)
    const ask = async (secret: string) =>
      await house.tokens.grant({
        requestId: 'r',
        form: new Map([['grant_type', 'client_credentials']]),
        proof: { secret: { clientId: 'feed', secret }, bearer: null, possession: null },
        binding: null,
      })
    await expect(ask('wrong')).rejects.toMatchObject({ code: 'invalid_client' })
    expect((await house.store.find('feed'))?.secretHash).toBe(weak)
    await ask('secret')
    const strong = (await house.store.find('feed'))?.secretHash ?? ''
    expect(strong).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/)
    await ask('secret')
    expect((await house.store.find('feed'))?.secretHash).toBe(strong)
  })

  test.each([
    ['argon2id$v=19$m=19456,p=1,t=2', false],
    ['argon2id$v=19$m=19456,t=2,p=1', false],
    ['argon2id$v=19$m=8192,p=1,t=2', true],
    ['argon2id$v=19$m=65536,p=1,t=2', true],
    ['argon2id$v=19$m=19456,p=1,t=1', true],
    ['argon2id$v=19$m=19456,p=4,t=2', true],
    ['argon2id$v=16$m=19456,p=1,t=2', true],
    ['argon2i$v=19$m=19456,p=1,t=2', true],
    ['argon2d$v=19$m=19456,p=1,t=2', true],
  ])('hashed as %s are outdated: %j', (parameters, isOutdated) => {
    expect(house.hasher.isOutdated(`$${parameters}$c2FsdHNhbHQ$aGFzaGhhc2g`)).toBe(isOutdated)
  })

  test('are taken also where a crowd leaves no room to hash them anew', async () => {
    const { client } = await house.client('feed', 'ingest')
    const weak = await weakHash('secret')
    await house.store.save(client, weak)
    const { hasher, store, authenticator, counters } = house
    const crowded: SecretHasher = {
      hash: async () => {
        throw new Refusal('BUDGET_EXHAUSTED', 'Too many log-ins at once; try again shortly.')
      },
      verify: async (stored, secret) => await hasher.verify(stored, secret),
      isOutdated: (stored) => hasher.isOutdated(stored),
    }
    const clients = new TokenClients(store, crowded, authenticator, counters, house.budgets)
    const proof = { secret: { clientId: 'feed', secret: 'secret' }, bearer: null, possession: null }
    expect(await clients.recognise(proof, 'r')).toMatchObject({ client: { id: 'feed' } })
    expect((await store.find('feed'))?.secretHash).toBe(weak)
  })

  test('are checked one at a time, anybody’s and nobody’s alike, and a crowd is sent away', async () => {
    const hash = await house.hasher.hash('secret')
    const verify = async (n: number) => await house.hasher.verify(n % 2 ? hash : null, 'secret')
    const crowd = Array.from({ length: 110 }, (_, n) => verify(n))
    const outcomes = await Promise.allSettled(crowd)
    const count = (status: string) => outcomes.filter((one) => one.status === status).length
    expect(count('fulfilled')).toBe(101)
    expect(count('rejected')).toBe(9)
    expect(await house.hasher.verify(hash, 'secret')).toBe(true)
  })
})
