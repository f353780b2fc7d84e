import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Presets, SingleBar } from 'cli-progress'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type ExportFormat, exportFormats } from '../../gateway/attest/entry-formats.ts'
import { type ExportFile, proofFiles } from '../../gateway/attest/export-files.ts'
import {
  type Exporter,
  type ExportPlan,
  instantOf,
  type TrailExport,
} from '../../gateway/attest/trail-export.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { SECOND } from '../../kernel/time.ts'
import {
  type Begun,
  beginFolder,
  begunIn,
  mustBeFree,
  writeFolder,
  writtenIn,
} from './export-to-folder.ts'

interface Options {
  readonly out: string
  readonly from?: string
  readonly to?: string
  readonly since?: string
  readonly format: ExportFormat
  readonly witnessed?: true
  readonly proof?: readonly number[]
  readonly resume?: true
}

/** What an export needs of the gateway, which is opened for it. */
export interface ExportDesk {
  readonly trail: TrailExport
  /** Whoever runs the command, as the entry names them. */
  readonly by: () => Exporter
  close(): Promise<void>
}

const LINE_EVERY = 5 * SECOND

/** `bauta audit export`: a folder that can be verified anywhere. */
export function registerAuditExport(
  audit: Command,
  open: () => Promise<ExportDesk>,
  carried: () => Promise<readonly ExportFile[]>,
  err: NodeJS.WritableStream & { readonly isTTY?: boolean } = process.stderr,
): void {
  audit
    .command('export')
    .description(
      'export the trail as a folder that can be verified anywhere; an entry says so first',
    )
    .requiredOption('--out <dir>', 'folder to make; until it is whole it is called <dir>.partial')
    .option('--from <instant>', 'a day or an instant; without it, from the first entry')
    .option('--to <instant>', 'before that day or instant; without it, to the last entry')
    .option('--since <dir>', 'an earlier export: this one is proved to continue it')
    .option('--witnessed', 'the newest checkpoint that the witness has signed, not the newest')
    .option('--proof <number>', 'also a proof of this entry by itself; repeatable', entryNumbers)
    .addOption(
      new Option('--format <format>', 'besides entries.jsonl, which alone can be verified')
        .choices(exportFormats)
        .default('ndjson'),
    )
    .option('--resume', 'go on with an export to this folder that was interrupted')
    .action(async (options: Options) => {
      const desk = await open()
      try {
        const begun = await settled(desk, options)
        const progress = progressOn(err, begun.plan.count)
        await writeFolder(options.out, desk.trail, begun, await carried(), progress.at)
        progress.end()
        err.write(
          `${told(begun.plan)}\n${options.out} is whole; its README.txt says how to verify it.\n`,
        )
      } finally {
        await desk.close()
      }
    })
}

/** Settles what is exported and records it. */
async function settled({ trail, by }: ExportDesk, options: Options): Promise<Begun> {
  const { out, from, to, since, format, witnessed = false, proof = [], resume } = options
  if (resume) {
    const begun = await begunIn(out)
    const written = await writtenIn(out, begun)
    await trail.record(
      await trail.again(begun.plan),
      begun.format,
      by(),
      begun.plan.first + written - 1,
    )
    return begun
  }
  await mustBeFree(out)
  const plan = await trail.plan({
    from: from === undefined ? null : instantOf(from, '--from'),
    to: to === undefined ? null : instantOf(to, '--to'),
    witnessed,
    since: since === undefined ? null : await checkpointOf(since),
  })
  await proofFiles(trail.parts, plan, proof)
  await trail.record(plan, format, by(), null)
  const begun = { plan, format, proofs: proof }
  await beginFolder(out, begun)
  return begun
}

function entryNumbers(text: string, others: readonly number[] = []): readonly number[] {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('must be the number of an entry')
  return [...others, Number(text)]
}

async function checkpointOf(path: string): Promise<string> {
  try {
    const isFolder = (await stat(path)).isDirectory()
    return await readFile(isFolder ? join(path, 'checkpoint') : path, 'utf8')
  } catch (cause) {
    throw new Refusal('NOT_FOUND', `${path} is no earlier export.`, { cause })
  }
}

function told({ first, count, size, checkpoint }: ExportPlan): string {
  const witnessed = checkpoint.slice(checkpoint.indexOf('\n\n') + 2).split('\n').length > 2
  return `${count} entries, ${first} to ${first + count - 1} of ${size}; signed by the log${witnessed ? ' and its witness' : ', not witnessed'}.`
}

function progressOn(err: NodeJS.WritableStream & { readonly isTTY?: boolean }, count: number) {
  if (!err.isTTY) {
    let last = Date.now()
    const at = (written: number) => {
      if (Date.now() - last < LINE_EVERY) return
      last = Date.now()
      err.write(`${written} of ${count} entries\n`)
    }
    return { at, end: () => {} }
  }
  const format = '{bar} {percentage}% | {value} entries | {eta_formatted} left'
  const bar = new SingleBar({ stream: err, format, hideCursor: true }, Presets.shades_classic)
  bar.start(count, 0)
  return { at: (written: number) => bar.update(written), end: () => bar.stop() }
}
