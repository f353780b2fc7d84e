import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'

const git = (...arguments_) => execFileSync('git', arguments_, { encoding: 'utf8' }).trim()

/** What a figure depends on; results that were written before are no part of it. */
const MEASURED = ['src', 'bench', 'policy', ':!bench/results', ':!bench/proofs/results']

/** Under what circumstances a figure was measured: without them it says nothing. No names of machines or folders. */
export async function circumstances(client) {
  return {
    date: new Date().toISOString(),
    commit:
      git('rev-parse', 'HEAD') +
      (git('status', '--porcelain', ...MEASURED) ? ' with local changes' : ''),
    node: process.version,
    postgresql: client
      ? (await client.query('SHOW server_version')).rows[0].server_version.split(' ')[0]
      : null,
    machine: {
      cores: cpus().length,
      processor: cpus()[0]?.model,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
  }
}
