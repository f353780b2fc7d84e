import Table from 'cli-table3'
import type { Command } from 'commander'
import type { Deliveries } from '../../gateway/govern/deliveries.ts'
import type { Endpoints, IssuedSecret } from '../../gateway/govern/endpoints.ts'
import { isoInstant } from '../../kernel/time.ts'

interface Desk {
  readonly endpoints: Endpoints
  readonly deliveries: Deliveries
}
type Open = () => Promise<{ readonly delivery: Desk; close(): Promise<void> }>

const DEFAULT_LIMIT = '50'

/** `bauta deliveries …`: what others are told, where they take it, and what became of it. */
export function registerDeliveries(
  program: Command,
  open: Open,
  print: (text: string) => void,
): void {
  const run = async (work: (desk: Desk) => Promise<string>) => {
    const opened = await open()
    try {
      print(await work(opened.delivery))
    } finally {
      await opened.close()
    }
  }
  const deliveries = program
    .command('deliveries')
    .description('messages to other systems: what became of them, and where clients take them')
  deliveries
    .command('list')
    .description('newest first, without content')
    .option('--state <state>', 'only those waiting, delivered, dropped or dead')
    .option('--limit <n>', 'at most so many', DEFAULT_LIMIT)
    .action(({ state, limit }: { state?: string; limit: string }) =>
      run(async (desk) => listed(await desk.deliveries.list(state ?? null, Number(limit)))),
    )
  deliveries
    .command('show <id>')
    .description('one message on its way to each of its endpoints')
    .action((id: string) => run(async (desk) => listed(await desk.deliveries.show(id))))
  deliveries
    .command('replay <id>')
    .description('send an undeliverable message again, under its id, to whoever takes it by now')
    .action((id: string) =>
      run(async (desk) => `${await desk.deliveries.replay(id)} to be delivered again.`),
    )
  registerEndpoints(deliveries, run)
}

function registerEndpoints(
  deliveries: Command,
  run: (work: (desk: Desk) => Promise<string>) => Promise<void>,
): void {
  const endpoints = deliveries.command('endpoints').description('where clients take messages')
  endpoints
    .command('list')
    .description('all endpoints')
    .action(() => run(async (desk) => endpointsListed(await desk.endpoints.list())))
  endpoints
    .command('register <client>')
    .description('register an address and show its signing secret, once')
    .requiredOption('--url <url>', 'an https address that everybody could reach')
    .requiredOption('--kind <kind...>', 'what it takes, such as subject.erased')
    .action((clientId: string, { url, kind }: { url: string; kind: string[] }) =>
      run(async (desk) => issued(await desk.endpoints.register({ clientId, url, kinds: kind }))),
    )
  endpoints
    .command('rotate <client>')
    .description('a new signing secret, shown once; for a day the old one counts as well')
    .action((clientId: string) =>
      run(async (desk) => issued(await desk.endpoints.rotate(clientId))),
    )
  endpoints
    .command('remove <client>')
    .description('send a client no messages any more')
    .action((clientId: string) =>
      run(async (desk) => {
        await desk.endpoints.remove(clientId)
        return `${clientId} is sent nothing any more.`
      }),
    )
}

function issued({ endpoint, secret }: IssuedSecret): string {
  return [
    `${endpoint.clientId}  ${endpoint.url}  ${endpoint.kinds.join(' ')}`,
    `secret  ${secret}`,
    'Keep it now: it is not shown again.',
  ].join('\n')
}

function listed(all: Awaited<ReturnType<Deliveries['list']>>): string {
  const table = tableOf('id', 'client', 'kind', 'state', 'reason', 'attempts', 'since', 'next')
  for (const { id, clientId, kind, state, reason, attempts, createdAt, nextAt } of all)
    table.push([
      id,
      clientId || '-',
      kind,
      state,
      reason ?? '',
      attempts,
      isoInstant(createdAt),
      state === 'waiting' ? isoInstant(nextAt) : '',
    ])
  return table.toString()
}

function endpointsListed(all: Awaited<ReturnType<Endpoints['list']>>): string {
  const table = tableOf('client', 'address', 'kinds', 'state')
  for (const { clientId, url, kinds, disabledAt } of all)
    table.push([clientId, url, kinds.join('\n'), disabledAt === null ? 'active' : 'gone (410)'])
  return table.toString()
}

function tableOf(...head: string[]): InstanceType<typeof Table> {
  return new Table({ head, style: { head: [], border: [] } })
}
