import Table from 'cli-table3'
import { type Command, InvalidArgumentError } from 'commander'
import type { ClientDraft } from '../../gateway/govern/client-draft.ts'
import type { Clients, IssuedCredentials } from '../../gateway/govern/clients.ts'

type Open = () => Promise<{ readonly clients: Clients; close(): Promise<void> }>

interface CreateOptions {
  readonly name?: string
  readonly role: readonly string[]
  readonly audience?: string
  readonly scope?: readonly string[]
  readonly purpose?: readonly string[]
  readonly defaultPurpose?: string
  readonly category?: readonly string[]
  readonly segment?: readonly string[]
  readonly writeKey?: string
  readonly lookupsPerDay?: number
  readonly requestsPerMinute?: number
  readonly costPerMinute?: number
  readonly origin?: readonly string[]
  readonly adhoc?: true
  readonly secret?: true
}

/** `bauta clients create | list | rotate | revoke`: who may call, from the command line of whoever runs the gateway. */
export function registerClients(program: Command, open: Open, print: (text: string) => void): void {
  const clients = program.command('clients').description('callers of the gateway and their keys')
  const run = async (work: (clients: Clients) => Promise<string>) => {
    const opened = await open()
    try {
      print(await work(opened.clients))
    } finally {
      await opened.close()
    }
  }
  clients
    .command('create <id>')
    .description('register a caller and show its key, once')
    .requiredOption('--role <role...>', 'what it is: a column of policy/roles.csv')
    .option('--name <text>', 'for people; default: the id')
    .option(
      '--audience <name>',
      'domain of its pseudonyms and recipient named in consents; default: the id',
    )
    .option('--scope <scope...>', 'default: those usual for its roles')
    .option('--purpose <purpose...>', 'purposes it may declare; default: all that its roles may')
    .option('--default-purpose <purpose>', 'holds where a request declares none')
    .option('--category <category...>', 'limit to these data categories')
    .option('--segment <key...>', 'limit to members of these segments')
    .option('--write-key <kind>', 'public (in browsers) or server: for the role ingest')
    .option(
      '--lookups-per-day <n>',
      'budget of look-ups by e-mail, phone and other identifiers',
      count,
    )
    .option('--requests-per-minute <n>', 'default: those of the installation', count)
    .option('--cost-per-minute <n>', 'units of cost; default: those of the installation', count)
    .option('--origin <origin...>', 'pages from there may call in its name: https://shop.example')
    .option('--adhoc', 'may send queries that were not registered (development)')
    .option('--secret', 'also make a client secret for POST /oauth/token')
    .action((id: string, options: CreateOptions) =>
      run(async (all) =>
        issued(await all.create(draftOf(id, options), { withSecret: options.secret ?? false })),
      ),
    )
  clients
    .command('list')
    .description('all callers, revoked ones too')
    .action(() => run(async (all) => listed(await all.list())))
  clients
    .command('rotate <id>')
    .description('give a caller a new key, shown once; the old one is refused from then on')
    .action((id: string) => run(async (all) => issued(await all.rotate(id))))
  clients
    .command('revoke <id>')
    .description('refuse a caller and every token made for it, from now on')
    .action((id: string) =>
      run(async (all) => {
        await all.revoke(id)
        return `${id} is revoked.`
      }),
    )
}

function draftOf(id: string, options: CreateOptions): ClientDraft {
  const { name = id, role, defaultPurpose } = options
  return {
    id,
    name,
    roles: role,
    audience: options.audience ?? null,
    scopes: options.scope ?? null,
    purposes: options.purpose ?? null,
    ...(defaultPurpose !== undefined && { defaultPurpose }),
    categories: options.category ?? null,
    segments: options.segment ?? null,
    writeKey: options.writeKey ?? null,
    lookupsPerDay: options.lookupsPerDay ?? null,
    requestsPerMinute: options.requestsPerMinute ?? null,
    costPerMinute: options.costPerMinute ?? null,
    origins: options.origin ?? null,
    adhoc: options.adhoc ?? false,
  }
}

function issued({ client, key, secret }: IssuedCredentials): string {
  const lines = [
    `${client.id} (${client.roles.join(', ')}), audience ${client.audience}`,
    `key     ${key}`,
  ]
  if (secret !== null) lines.push(`secret  ${secret}`)
  return [...lines, 'Keep it now: only its hash is stored.'].join('\n')
}

type Client = Awaited<ReturnType<Clients['list']>>[number]

function listed(all: readonly Client[]): string {
  const table = new Table({
    head: ['id', 'name', 'roles', 'audience', 'scopes', 'purposes', 'limits', 'origins', 'state'],
    style: { head: [], border: [] },
  })
  for (const client of all) {
    const { id, name, roles, audience, scopes, purposes, origins, adhoc, disabledAt } = client
    table.push([
      id,
      name,
      roles.join(' '),
      audience,
      scopes.join('\n'),
      purposes.join('\n'),
      limitsOf(client).join('\n'),
      origins.join('\n'),
      [disabledAt === null ? 'active' : 'revoked', ...(adhoc ? ['adhoc'] : [])].join('\n'),
    ])
  }
  return table.toString()
}

function limitsOf(client: Client): readonly string[] {
  const { categories, segments, lookupsPerDay, requestsPerMinute, costPerMinute } = client
  return [
    ...(categories ? [`categories ${categories.join(' ')}`] : []),
    ...(segments ? [`segments ${segments.join(' ')}`] : []),
    ...(lookupsPerDay === null ? [] : [`${lookupsPerDay} look-ups a day`]),
    ...(requestsPerMinute === null ? [] : [`${requestsPerMinute} requests a minute`]),
    ...(costPerMinute === null ? [] : [`cost of ${costPerMinute} a minute`]),
  ]
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}
