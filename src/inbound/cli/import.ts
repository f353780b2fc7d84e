import { createHash } from 'node:crypto'
import Table from 'cli-table3'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Ingest } from '../../gateway/ingest/ingest.ts'
import { isoInstant } from '../../kernel/time.ts'
import { openImportFile, STANDARD_INPUT } from './import-file.ts'
import { type ImportKind, importKinds, Mapping, ownColumns } from './import-mapping.ts'
import { processTerminal, progressOn, type Terminal } from './import-progress.ts'
import { CsvReader, decoderOf, NdjsonReader, type RecordReader } from './import-records.ts'
import { type ImportReport, importRows } from './import-rows.ts'

type Open = () => Promise<{ readonly ingest: Ingest; close(): Promise<void> }>

interface ImportOptions {
  readonly source: string
  readonly map: ReadonlyMap<string, string>
  readonly set: ReadonlyMap<string, string>
  readonly format: 'auto' | 'csv' | 'ndjson'
  readonly delimiter?: string
  readonly columns?: readonly string[]
  readonly gzip: 'auto' | 'yes' | 'no'
  readonly encoding: string
}

const DESCRIPTIONS: Readonly<Record<ImportKind, string>> = {
  customers: 'what a source says about people, one row each',
  events: 'what people did, one row per event (or line of an order)',
  items: 'the catalogue, one row per item',
  identities: 'what an identity provider says about people, one row each',
  consents: 'decisions of people, one row each',
}

/** `bauta import …`: files through the same door as everything else, restartable, and taken back with `undo`. */
export function registerImport(
  program: Command,
  open: Open,
  terminal: Terminal = processTerminal,
): void {
  const command = program
    .command('import')
    .description('take files in through the ingest door, or take them back')
  const run = async (work: (ingest: Ingest) => Promise<string>) => {
    const opened = await open()
    try {
      terminal.out.write(`${await work(opened.ingest)}\n`)
    } finally {
      await opened.close()
    }
  }
  for (const kind of importKinds)
    optionsOn(command.command(`${kind} <file>`).description(DESCRIPTIONS[kind]), kind).action(
      (file: string, options: ImportOptions) =>
        run((ingest) => importFile(ingest, kind, file, options, terminal)),
    )
  command
    .command('undo <batch>')
    .description('take a batch back: rows, identifiers and merges; earlier versions stand again')
    .action((id: string) =>
      run(async (ingest) => {
        const { kind, source, counts } = await ingest.undo(id)
        return `Taken back: ${counts.accepted} rows of ${kind} from ${source}`
      }),
    )
  command
    .command('list')
    .description('all batches, newest first')
    .action(() => run(tableOfBatches))
}

function optionsOn(command: Command, kind: ImportKind): Command {
  return command
    .option('--source <name>', 'a row of sources.csv in the policy folder', 'import')
    .option(
      '--map <field=column>',
      'take a field from a column of another name; repeatable',
      pairs,
      new Map(),
    )
    .option('--set <field=value>', 'the same value in every row; repeatable', pairs, new Map())
    .addOption(
      new Option('--format <format>', 'auto: by the file’s name, .ndjson and .jsonl are NDJSON')
        .choices(['auto', 'csv', 'ndjson'])
        .default('auto'),
    )
    .option(
      '--delimiter <character>',
      'of CSV; "tab" or a character (default: by name, .tsv is tab, else comma)',
    )
    .option(
      '--columns <names>',
      'names of the columns, by comma, where the file has no header',
      (names) => names.split(','),
    )
    .addOption(
      new Option('--gzip <answer>', 'auto: by the file’s name (.gz)')
        .choices(['auto', 'yes', 'no'])
        .default('auto'),
    )
    .option('--encoding <name>', 'utf-8, latin1, …', 'utf-8')
    .addHelpText('after', helpOf(kind))
}

function helpOf(kind: ImportKind): string {
  const own = ownColumns[kind].join(', ')
  const people =
    kind === 'items'
      ? 'Other columns become attributes when they are named with --map.'
      : `Whose row it is: userId, crmId, email, phone, anonymousId, deviceId, providerSubject, partner:<audience>.
Rows that name nobody are not taken.`
  const more: Readonly<Record<ImportKind, string>> = {
    customers:
      'Traits of traits.csv are taken by their name, other columns only with --map. Rows of the same recordKey (or id,\nor else first identifier) replace each other.',
    identities:
      'As for customers; identityProvider, identitySubject and identityVerifiedAt are traits.',
    events:
      'Without messageId a row is known by its place in the file. "Order Completed" is one line of an order: orderId,\nitemId, quantity, price (value = price × quantity). Returns (quantity below 1) are not taken.',
    items: 'A later row of the same id replaces an earlier one.',
    consents: 'categories are separated by blanks, ";" or "|".',
  }
  return `
Columns understood by name: ${own}
${people}
${more[kind]}
FILE may be - for standard input. A file that was interrupted goes on where it was; one that is in already is not
taken twice. Rows that are not acceptable wait in quarantine with the reason.`
}

function pairs(text: string, others: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('expected name=value')
  return new Map([...others, [text.slice(0, equals), text.slice(equals + 1)]])
}

async function importFile(
  ingest: Ingest,
  kind: ImportKind,
  path: string,
  options: ImportOptions,
  terminal: Terminal,
): Promise<string> {
  const reader = readerFor(path, options)
  const file = await openImportFile(path, options.gzip, terminal.in)
  const { source, map, set, format, delimiter, columns, encoding } = options
  const asked = [source, kind, [...map], [...set], format, delimiter, columns, encoding]
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([file.identity, asked]))
    .digest('hex')
  const batch = await ingest.openBatch({ source, kind, fingerprint })
  if (batch.state === 'finished') return reportOf({ batch, reasons: new Map(), ignored: [] }, true)
  if (batch.position > 0) terminal.err.write(`Going on behind row ${batch.position}\n`)
  const { traits, identifiers } = ingest.vocabulary
  const mapping = new Mapping({
    kind,
    map,
    constants: Object.fromEntries(set),
    traits,
    identifiers,
    fingerprint: fingerprint.slice(0, 16),
  })
  const progress = progressOn(terminal, file.size)
  try {
    return reportOf(await importRows(ingest, batch, { file, reader, mapping, progress }), false)
  } finally {
    progress.end()
  }
}

function readerFor(path: string, options: ImportOptions): RecordReader {
  const name = path === STANDARD_INPUT ? '' : path.replace(/\.gz$/, '')
  const decode = decoderFor(options.encoding)
  const ndjson =
    options.format === 'auto' ? /\.(ndjson|jsonl)$/.test(name) : options.format === 'ndjson'
  if (ndjson) return new NdjsonReader(decode)
  const delimiter = options.delimiter ?? (name.endsWith('.tsv') ? 'tab' : ',')
  return new CsvReader(decode, {
    delimiter: delimiter === 'tab' ? '\t' : delimiter,
    columns: options.columns ?? null,
  })
}

function decoderFor(encoding: string): ReturnType<typeof decoderOf> {
  // Lines are cut at the byte of a line feed.
  if (!/^utf-?16/i.test(encoding)) {
    try {
      return decoderOf(encoding)
    } catch {}
  }
  throw new InvalidArgumentError(`The encoding ${encoding} can not be read; use utf-8 or latin1.`)
}

function reportOf({ batch, reasons, ignored }: ImportReport, before: boolean): string {
  const { received, accepted, quarantined, duplicates, suppressed } = batch.counts
  const why = [...reasons]
    .sort(([, one], [, other]) => other - one)
    .map(([reason, count]) => `  ${count} × ${reason}`)
  return [
    `Batch ${batch.id}${before ? ' (taken in before; nothing to do)' : ''}`,
    `received ${received} = accepted ${accepted} + quarantined ${quarantined} + duplicates ${duplicates} + suppressed ${suppressed}`,
    ...(why.length > 0 ? ['In quarantine because:', ...why] : []),
    ...(ignored.length > 0
      ? [`Columns not used (name them with --map): ${ignored.join(', ')}`]
      : []),
  ].join('\n')
}

async function tableOfBatches(ingest: Ingest): Promise<string> {
  const table = new Table({
    head: [
      ...['batch', 'source', 'kind', 'state', 'started'],
      ...['accepted', 'quarantined', 'duplicates', 'suppressed'],
    ],
    style: { head: [], border: [] },
  })
  for (const { id, source, kind, state, startedAt, counts } of await ingest.list()) {
    const { accepted, quarantined, duplicates, suppressed } = counts
    const taken = [accepted, quarantined, duplicates, suppressed]
    table.push([id, source, kind, state, isoInstant(startedAt), ...taken])
  }
  return table.toString()
}
