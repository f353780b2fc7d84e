import type { Command } from 'commander'
import { type Output, USAGE, type VerifyOptions, verifyFolder } from './verify-folder.ts'

/** `bauta audit verify DIR`: nothing of the gateway is opened, and nothing but the folder is read. */
export function registerAuditVerify(audit: Command, output: Output = processOutput): void {
  audit
    .command('verify <dir>')
    .description(
      'verify an exported trail offline and name each fault; exits with 0 where there is none, with 1 otherwise',
    )
    .option('--log-key <file|key>', 'the log’s key as you were given it, not the export’s copy')
    .option('--witness-key <file|key>', 'the witness’s key as you were given it')
    .option(
      '--previous <file|dir>',
      'a checkpoint that you kept, or an earlier export: this one has to extend it',
    )
    .option('--without-witness', 'accept what only the log has signed')
    .option('--json', 'print a report for programs')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE))
    .action(async (dir: string, options: VerifyOptions) => {
      process.exitCode = await verifyFolder(dir, options, output)
    })
}

const processOutput: Output = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: process.stderr,
}
