#!/usr/bin/env node
// Verifies the export in the folder above this one. It needs Node 20.12 or newer and nothing else.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { USAGE, verifyFolder } from './lib/inbound/cli/verify-folder.js'

const usage = `node verify/verify.mjs [DIR] [options]
  --log-key FILE|KEY      the log's key as you were given it, rather than the one in the export
  --witness-key FILE|KEY  the witness's key as you were given it
  --previous FILE|DIR     a checkpoint that you kept, or an earlier export: this one has to extend it
  --without-witness       accept what only the log has signed
  --json                  print a report for programs
Exits with 0 where nothing is wrong, 1 where something is, 2 where the question can not be answered.
`

function asked() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        'log-key': { type: 'string' },
        'witness-key': { type: 'string' },
        previous: { type: 'string' },
        'without-witness': { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    })
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage}`)
    process.exit(USAGE)
  }
}

const { values, positionals } = asked()
if (values.help) {
  process.stdout.write(usage)
} else {
  const options = {
    ...(values['log-key'] !== undefined && { logKey: values['log-key'] }),
    ...(values['witness-key'] !== undefined && { witnessKey: values['witness-key'] }),
    ...(values.previous !== undefined && { previous: values.previous }),
    withoutWitness: values['without-witness'] ?? false,
    json: values.json ?? false,
  }
  process.exitCode = await verifyFolder(
    positionals[0] ?? fileURLToPath(new URL('..', import.meta.url)),
    options,
    { out: (text) => process.stdout.write(`${text}\n`), err: process.stderr },
  )
}
