import Table from 'cli-table3'
import type { Command } from 'commander'
import type { DataRetentionSweep, RetentionLine } from '../../gateway/govern/data-retention.ts'

type Open = () => Promise<{ readonly retention: DataRetentionSweep; close(): Promise<void> }>

/** `bauta retention report | run`: how long data is kept, what is too old, and its removal. */
export function registerRetention(
  program: Command,
  open: Open,
  print: (text: string) => void,
): void {
  const retention = program.command('retention').description('how long data about people is kept')
  const run = async (work: (sweep: DataRetentionSweep) => Promise<string>) => {
    const { retention: sweep, close } = await open()
    try {
      print(await work(sweep))
    } finally {
      await close()
    }
  }
  retention
    .command('report')
    .description('every data category, how long it is kept, and what is too old now')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: true }) =>
      run(async (sweep) => {
        const lines = await sweep.report()
        return json ? JSON.stringify(lines, null, 2) : asTable(lines)
      }),
    )
  retention
    .command('run')
    .description('remove what is too old now; a serving gateway does so every hour')
    .option('--dry-run', 'only say what would go')
    .action(({ dryRun }: { dryRun?: true }) =>
      run(async (sweep) =>
        dryRun
          ? asTable((await sweep.report()).filter(isDue))
          : `${await sweep.run()} events, records and quarantined rows are gone, or lost what was too old.`,
      ),
    )
}

const isDue = ({ events, records, rows }: RetentionLine) => events + records + rows > 0

function asTable(lines: readonly RetentionLine[]): string {
  const table = new Table({
    head: ['data', 'kept', 'too old: events', 'records', 'rows'],
    style: { head: [], border: [] },
  })
  for (const { data, keepDays, events, records, rows } of lines)
    table.push([data, keepDays === null ? 'forever' : `${keepDays} days`, events, records, rows])
  return table.toString()
}
