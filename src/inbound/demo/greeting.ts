import Table from 'cli-table3'
import type { DemoCredentials } from './seed.ts'

/** What the first start prints: who can ask, and one line to paste. */
export function demoGreeting(credentials: DemoCredentials, address: string, file: string): string {
  const table = new Table({
    head: ['demo principal', 'purpose unless named', 'what it is'],
    wordWrap: true,
    colWidths: [16, 22, 78],
    style: process.stderr.isTTY ? {} : { head: [], border: [] },
  })
  for (const [name, { defaultPurpose, note }] of Object.entries(credentials))
    table.push([name, defaultPurpose ?? '', note])
  const query =
    '{ me { id contact { name email } account { plan } segments { name } recommendations(first: 3) { recommender recommendations { item { title } } } } }'
  const curl = `curl -s ${address}/graphql -H 'content-type: application/json' -H 'authorization: Bearer ${credentials.frontend.token}' -d '${JSON.stringify({ query })}'`
  return `${table.toString()}\nTokens: ${file}. A first query:\n\n${curl}\n`
}
