import Table from 'cli-table3'
import { type Command, Option } from 'commander'
import type { RegisterLine, RequestRegister } from '../../gateway/govern/request-register.ts'
import { isoInstant } from '../../kernel/time.ts'

type Open = () => Promise<{ readonly register: RequestRegister; close(): Promise<void> }>

const DEFAULT_LIMIT = '50'
const PLAIN = { head: [], border: [] }

/** `bauta requests list | show`: what people ask for about their own data, and until when it has to be answered. */
export function registerRequests(
  program: Command,
  open: Open,
  print: (text: string) => void,
): void {
  const run = async (work: (register: RequestRegister) => Promise<string>) => {
    const { register, close } = await open()
    try {
      print(await work(register))
    } finally {
      await close()
    }
  }
  const requests = program
    .command('requests')
    .description(
      'requests of people about their own data: what is asked, until when it has to be answered, what became of it; none names anybody',
    )
  requests
    .command('list')
    .description('newest first')
    .option('--open', 'only those that wait or are being met')
    .addOption(
      new Option('--overdue', 'only open ones whose deadline has passed').conflicts('open'),
    )
    .option('--limit <n>', 'at most so many', DEFAULT_LIMIT)
    .option('--json', 'print JSON instead of a table')
    .action((options: { open?: true; overdue?: true; limit: string; json?: true }) =>
      run(async (register) => {
        const which = options.overdue ? 'overdue' : options.open ? 'open' : 'all'
        const lines = await register.list(which, Number(options.limit))
        return options.json ? JSON.stringify(lines.map(inJson), null, 2) : listed(lines)
      }),
    )
  requests
    .command('show <id>')
    .description('one request')
    .option('--json', 'print JSON instead of a table')
    .action((id: string, { json }: { json?: true }) =>
      run(async (register) => {
        const shown = inJson(await register.show(id))
        if (json) return JSON.stringify(shown, null, 2)
        const table = new Table({ style: PLAIN })
        for (const [name, value] of Object.entries(shown))
          table.push({ [name]: value === null ? '-' : String(value) })
        return table.toString()
      }),
    )
}

function listed(lines: readonly RegisterLine[]): string {
  const table = new Table({
    head: ['request', 'type', 'law', 'status', 'asked', 'due', 'settled'],
    style: PLAIN,
  })
  for (const one of lines)
    table.push([
      one.id,
      one.type,
      one.regulation,
      one.status,
      isoInstant(one.submittedAt),
      `${isoInstant(one.dueAt)}${one.isOverdue ? ', overdue' : ''}`,
      one.settledAt === null ? 'not yet' : isoInstant(one.settledAt),
    ])
  return table.toString()
}

function inJson(line: RegisterLine) {
  const { settledAt } = line
  return {
    ...line,
    submittedAt: isoInstant(line.submittedAt),
    receivedAt: isoInstant(line.receivedAt),
    dueAt: isoInstant(line.dueAt),
    settledAt: settledAt === null ? null : isoInstant(settledAt),
  }
}
