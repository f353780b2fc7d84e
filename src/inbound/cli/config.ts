import Table from 'cli-table3'
import type { Command } from 'commander'

/** One setting as `bauta config` shows it; secrets as `set` or `not set`. */
export interface Setting {
  readonly name: string
  readonly value: string
  readonly meaning: string
}

/**
 * `bauta config`: every variable that the gateway reads, what is set, what it means.
 * @param complaint what `serve` would refuse to start with, or null.
 */
export function registerConfig(
  program: Command,
  describe: () => { readonly settings: readonly Setting[]; readonly complaint: string | null },
  print: (text: string) => void,
): void {
  program
    .command('config')
    .description(
      'list every setting, its value and its meaning; exits with 1 where one can not be used',
    )
    .action(() => {
      const { settings, complaint } = describe()
      const table = new Table({
        head: ['variable', 'value', 'meaning'],
        colWidths: [28, 34, 60],
        wordWrap: true,
        style: { head: [], border: [] },
      })
      table.push(...settings.map(({ name, value, meaning }) => [name, value, meaning]))
      print(table.toString())
      if (complaint !== null) program.error(complaint)
    })
}
