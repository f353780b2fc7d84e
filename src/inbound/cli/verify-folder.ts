import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type KeyUsed,
  type VerificationReport,
  type VerificationTerms,
  verifyExport,
} from '../../gateway/attest/verify-export.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { ExportOnDisk } from './export-on-disk.ts'

/**
 * `verify DIR`, for the `bauta` command and for the copy that travels with every export. That copy runs with plain Node:
 * whatever is imported here may import nothing but Node's own modules.
 */

export interface VerifyOptions {
  /** A vkey, or a file with one. */
  readonly logKey?: string
  readonly witnessKey?: string
  /** A checkpoint kept from an earlier export, or the folder of that export. */
  readonly previous?: string
  readonly withoutWitness?: boolean
  readonly json?: boolean
}

/** Where it is told. */
export interface Output {
  readonly out: (text: string) => void
  /** Progress and usage errors. */
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

/** Exit codes: nothing wrong, something wrong, not asked in a way that can be answered. */
export const CLEAN = 0
export const FOUND = 1
export const USAGE = 2

/** @returns the exit code. */
export async function verifyFolder(
  dir: string,
  options: VerifyOptions,
  output: Output,
): Promise<number> {
  try {
    if (!(await isFolder(dir))) throw new Refusal('BAD_USER_INPUT', `${dir} is no folder.`)
    const progress = progressOn(output.err)
    const report = await verifyExport(new ExportOnDisk(dir), await termsOf(options), progress.at)
    progress.end()
    output.out(options.json ? JSON.stringify(report, null, 2) : told(report, options))
    return report.verified ? CLEAN : FOUND
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    output.err.write(`${error.message}\n`)
    return USAGE
  }
}

async function termsOf(options: VerifyOptions): Promise<VerificationTerms> {
  const { logKey, witnessKey, previous, withoutWitness = false } = options
  return {
    withoutWitness,
    ...(logKey !== undefined && { logKey: await keyNamed(logKey) }),
    ...(witnessKey !== undefined && { witnessKey: await keyNamed(witnessKey) }),
    ...(previous !== undefined && { previous: await checkpointNamed(previous) }),
  }
}

/** A key itself, or the first line of the file that is named. */
export async function keyNamed(told: string): Promise<string> {
  try {
    return (await readFile(told, 'utf8')).trim()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' && told.includes('+')) return told
    throw new Refusal('BAD_USER_INPUT', `${told} is neither a key nor a file with one.`)
  }
}

async function checkpointNamed(told: string): Promise<Uint8Array> {
  try {
    return await readFile((await isFolder(told)) ? join(told, 'checkpoint') : told)
  } catch {
    throw new Refusal('BAD_USER_INPUT', `${told} is no checkpoint, nor an export with one.`)
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

const TELL_EVERY = 100_000

function progressOn(err: Output['err']) {
  let told = 0
  return {
    at(entries: number, of: number) {
      if (!err.isTTY || entries < told + TELL_EVERY) return
      told = entries
      err.write(`\r${entries.toLocaleString('en')} of ${of.toLocaleString('en')} entries`)
    },
    end() {
      if (told > 0) err.write('\r\u001b[K')
    },
  }
}

function told(report: VerificationReport, { withoutWitness }: VerifyOptions): string {
  const { findings, moreFindings, verified } = report
  const lines = [...what(report), '', keyLine('log key    ', report.logKey)]
  lines.push(
    withoutWitness
      ? 'witness key  not asked for: this shows only what the holder of the log key wants it to'
      : keyLine('witness key', report.witnessKey),
    '',
  )
  if (verified) lines.push('VERIFIED: no entry was changed, dropped, added or moved.')
  else {
    lines.push(`NOT VERIFIED: ${findings.length + moreFindings} findings`)
    for (const { kind, message, ...at } of findings)
      lines.push(`  ${kind}${placeOf(at)}: ${message}`)
    if (moreFindings > 0) lines.push(`  … and ${moreFindings} more`)
  }
  return lines.join('\n')
}

function what({ checkpoint, range, discarded }: VerificationReport): readonly string[] {
  const log = checkpoint
    ? `${checkpoint.origin}, a log of ${checkpoint.size} entries`
    : 'a log that can not be told'
  if (range === null) return [log]
  const entries =
    range.count === 0
      ? 'no entries'
      : `entries ${range.first} to ${range.first + range.count - 1} (${range.count})`
  const hidden =
    discarded > 0 ? `, ${discarded} of them discarded and verified by their hashes` : ''
  return [`${log}: ${entries}${hidden}`]
}

function keyLine(name: string, key: KeyUsed | null): string {
  if (key === null) return `${name}  none`
  const warning =
    key.from === 'export'
      ? '\n             taken from the export: compare it with the one you were given'
      : ''
  return `${name}  ${key.vkey}${warning}`
}

function placeOf({
  entry,
  lastEntry,
  line,
}: {
  entry?: number
  lastEntry?: number
  line?: number
}): string {
  const entries =
    entry === undefined ? '' : ` entry ${entry}${lastEntry === undefined ? '' : ` to ${lastEntry}`}`
  return line === undefined ? entries : `${entries} line ${line}`
}
