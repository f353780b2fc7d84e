import Table from 'cli-table3'
import type { Command } from 'commander'
import { addressOf, attack, type Outcome } from './attack/run.ts'

interface AttackOptions {
  readonly token: string
  readonly host?: string
  readonly partner?: true
  readonly json?: true
}

/** `bauta attack URL --token TOKEN`: what attackers try on GraphQL, tried on one's own gateway. Exits with 1 on findings. */
export function registerAttack(program: Command, print: (text: string) => void): void {
  program
    .command('attack <url>')
    .description(
      'try on a gateway of yours what attackers try: about a hundred requests, one after the other; exits with 1 where one finds something',
    )
    .requiredOption(
      '--token <token>',
      'a key or token of a client that may call, such as a partner’s',
    )
    .option(
      '--partner',
      'the token is a partner’s: queries that were not registered have to be refused',
    )
    .option('--host <name>', 'the host name of the address again, where that is not this machine')
    .option('--json', 'print a report for programs')
    .action(async (address: string, { token, host, partner, json }: AttackOptions) => {
      const url = addressOf(address, host)
      const outcomes = await attack({ url, token, isPartner: partner ?? false })
      print(json ? JSON.stringify(outcomes, null, 2) : reportOf(outcomes))
      if (outcomes.some(({ findings }) => findings.length > 0)) process.exitCode = 1
    })
}

function reportOf(outcomes: readonly Outcome[]): string {
  const table = new Table({
    head: ['attack', 'what has to hold', 'found'],
    colWidths: [32, 56, 44],
    wordWrap: true,
    style: { head: [], border: [] },
  })
  for (const { name, claim, requests, needs, findings } of outcomes)
    table.push([name, claim, requests === 0 ? notTried(needs) : findings.join('; ') || 'nothing'])
  const bad = outcomes.filter(({ findings }) => findings.length > 0).length
  const made = outcomes.reduce((sum, { requests }) => sum + requests, 0)
  return `${table.toString()}\n${made} requests; ${bad === 0 ? 'nothing found' : `${bad} of ${outcomes.length} attacks found something`}.`
}

function notTried(needs: string | null): string {
  return needs === null ? 'does not apply' : `not tried: needs ${needs}`
}
