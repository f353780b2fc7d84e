import Table from 'cli-table3'
import { type Command, InvalidArgumentError } from 'commander'
import type { ClientDraft, Clients, IssuedCredentials } from '../../gateway/govern/clients.ts'

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
  readonly writeKey?: 'public' | 'server'
  readonly lookupsPerDay?: number
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
    .option('--write-key <kind>', 'public (in browsers) or server: for the role ingest', writeKey)
    .option(
      '--lookups-per-day <n>',
      'budget of look-ups by e-mail, phone and other identifiers',
      count,
    )
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
  const {
    name = id,
    role,
    audience,
    scope,
    purpose,
    defaultPurpose,
    category,
    segment,
    ...rest
  } = options
  const { writeKey, lookupsPerDay, adhoc } = rest
  return {
    id,
    name,
    roles: role,
    ...(audience !== undefined && { audience }),
    ...(scope && { scopes: scope }),
    ...(purpose && { purposes: purpose }),
    ...(defaultPurpose !== undefined && { defaultPurpose }),
    ...(category && { categories: category }),
    ...(segment && { segments: segment }),
    ...(writeKey && { writeKey }),
    ...(lookupsPerDay !== undefined && { lookupsPerDay }),
    ...(adhoc && { adhoc }),
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

function listed(all: Awaited<ReturnType<Clients['list']>>): string {
  const table = new Table({
    head: ['id', 'name', 'roles', 'audience', 'purposes', 'state'],
    style: { head: [], border: [] },
  })
  for (const { id, name, roles, audience, purposes, disabledAt } of all)
    table.push([
      id,
      name,
      roles.join(' '),
      audience,
      purposes.join('\n'),
      disabledAt === null ? 'active' : 'revoked',
    ])
  return table.toString()
}

function writeKey(text: string): 'public' | 'server' {
  if (text === 'public' || text === 'server') return text
  throw new InvalidArgumentError('must be public or server')
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}
