import Table from 'cli-table3'
import type { Command } from 'commander'
import type { ErasureCertificates } from '../../gateway/govern/erasure-certificates.ts'
import { isoInstant } from '../../kernel/time.ts'

type Open = () => Promise<{ readonly certificates: ErasureCertificates; close(): Promise<void> }>

const DEFAULT_LIMIT = '50'

/** `bauta erasures list | certificate | rewrite`: how far erasures have come, to the last byte. */
export function registerErasures(
  program: Command,
  open: Open,
  io: { readonly print: (text: string) => void; readonly say: (text: string) => void },
): void {
  const erasures = program
    .command('erasures')
    .description('people who were erased: how far each erasure has come; none names anybody')
  const run = async (work: (certificates: ErasureCertificates) => Promise<string>) => {
    const { certificates, close } = await open()
    try {
      io.print(await work(certificates))
    } finally {
      await close()
    }
  }
  erasures
    .command('list')
    .description('newest first')
    .option('--limit <n>', 'at most so many', DEFAULT_LIMIT)
    .action(({ limit }: { limit: string }) =>
      run(async (certificates) => {
        const table = new Table({
          head: ['erasure', 'stopped', 'model without', 'tables rewritten', 'log turned over'],
          style: { head: [], border: [] },
        })
        for (const one of await certificates.list(Number(limit)))
          table.push([
            one.id,
            ...[one.stoppedAt, one.refittedAt, one.rewrittenAt, one.goneAt].map((instant) =>
              instant === null ? 'not yet' : isoInstant(instant),
            ),
          ])
        return table.toString()
      }),
    )
  erasures
    .command('certificate <id>')
    .description(
      'each store with the time from which nothing was used and the time from which its bytes are gone, and entries of the trail that prove it',
    )
    .action((id: string) =>
      run(async (certificates) => JSON.stringify(await certificates.certificate(id), null, 2)),
    )
  erasures
    .command('rewrite')
    .description(
      'write the files of all tables with data of people anew, without what was erased; reads of a table wait while it is written',
    )
    .action(() =>
      run(async (certificates) => {
        const count = await certificates.rewrite((table) => io.say(`written anew: ${table}`))
        return count === 0
          ? 'No erasure waits: all were rewritten before, or a model without them is still to be fitted.'
          : `${count} erasures have left the files of the tables.`
      }),
    )
}
