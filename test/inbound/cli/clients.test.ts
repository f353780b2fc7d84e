import { Command } from 'commander'
import { registerClients } from '../../../src/inbound/cli/clients.ts'
import { registerConfig } from '../../../src/inbound/cli/config.ts'
import { AccessHouse } from '../../gateway/access-house.ts'

let house: AccessHouse
let printed: string
let closed: number
beforeEach(async () => {
  house = await AccessHouse.open()
  printed = ''
  closed = 0
})

async function bauta(...words: string[]): Promise<string> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  const print = (text: string) => {
    printed += `${text}\n`
  }
  registerClients(
    program,
    async () => ({
      clients: house.clients,
      close: async () => {
        closed++
      },
    }),
    print,
  )
  registerConfig(
    program,
    () => ({
      settings: [{ name: 'PORT', value: '4000', meaning: 'where' }],
      complaint: 'PORT is wrong',
    }),
    print,
  )
  await program.parseAsync(words, { from: 'user' })
  return printed
}

describe('bauta clients', () => {
  test('makes the first client of an installation and shows a key that works', async () => {
    const text = await bauta(
      'clients',
      'create',
      'desk',
      '--role',
      'support',
      '--purpose',
      'SERVICE',
    )
    const key = /bauta_\w{36}/.exec(text)?.[0] ?? ''
    expect(await house.authenticate(key)).toMatchObject({ roles: ['support'] })
    expect(closed).toBe(1)
    printed = ''
    expect(await bauta('clients', 'list')).toContain('desk')
    expect(printed).not.toContain(key)
  })

  test('takes every limit that a registration may have', async () => {
    await bauta(
      ...[
        'clients',
        'create',
        'acme',
        '--role',
        'partner',
        '--name',
        'Acme',
        '--audience',
        'acme-eu',
      ],
      ...[
        '--scope',
        'profile:read',
        'profile:lookup',
        '--category',
        'user.location',
        '--segment',
        'vip',
      ],
      ...['--requests-per-minute', '60', '--cost-per-minute', '5000'],
      ...['--origin', 'https://acme.example', 'http://localhost:3000'],
      ...['--lookups-per-day', '5', '--default-purpose', 'PARTNER_SHARING', '--adhoc', '--secret'],
    )
    expect(await house.store.find('acme')).toMatchObject({
      name: 'Acme',
      audience: 'acme-eu',
      scopes: ['profile:read', 'profile:lookup'],
      categories: ['user.location'],
      segments: ['vip'],
      lookupsPerDay: 5,
      requestsPerMinute: 60,
      costPerMinute: 5_000,
      origins: ['https://acme.example', 'http://localhost:3000'],
      adhoc: true,
      secretHash: expect.stringContaining('argon2id'),
    })
    expect(printed).toMatch(/secret/)
    const list = await bauta('clients', 'list')
    for (const limit of ['categories user.location', 'segments vip', '5 look-ups a day'])
      expect(list).toContain(limit)
    for (const limit of ['60 requests a minute', 'cost of 5000 a minute'])
      expect(list).toContain(limit)
    for (const more of ['profile:lookup', 'https://acme.example', 'http://localhost:3000', 'adhoc'])
      expect(list).toContain(more)
    await house.client('desk', 'support')
    expect((await bauta('clients', 'list')).split('adhoc')).toHaveLength(2 + 1)
  })

  test('replaces and revokes', async () => {
    const { key } = await house.client('desk', 'support')
    const next = /bauta_\w{36}/.exec(await bauta('clients', 'rotate', 'desk'))?.[0] ?? ''
    await expect(house.authenticate(key)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(house.authenticate(next)).resolves.toMatchObject({ client: { id: 'desk' } })
    await bauta('clients', 'revoke', 'desk')
    await expect(house.authenticate(next)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('closes what it opened when it refuses', async () => {
    await expect(bauta('clients', 'create', 'x', '--role', 'king')).rejects.toThrow(/king/)
    await expect(bauta('clients', 'revoke', 'nobody')).rejects.toThrow(/nobody/)
    expect(closed).toBe(2)
  })

  test('refuses options that can not be', async () => {
    await expect(
      bauta('clients', 'create', 'x', '--role', 'ingest', '--write-key', 'secret'),
    ).rejects.toThrow(/public.*or server/)
    await expect(
      bauta('clients', 'create', 'x', '--role', 'partner', '--lookups-per-day', 'many'),
    ).rejects.toThrow(/whole number/)
  })
})

test('bauta config lists the settings and fails where one can not be used', async () => {
  await expect(bauta('config')).rejects.toThrow('PORT is wrong')
  expect(printed).toContain('4000')
})
