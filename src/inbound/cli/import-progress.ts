import type { Readable } from 'node:stream'
import { Presets, SingleBar } from 'cli-progress'
import { SECOND } from '../../kernel/time.ts'

/** Where a person sees how far an import is. */
export interface Terminal {
  /** Results, for people and programs. */
  readonly out: NodeJS.WritableStream
  /** Progress, for people. */
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly in: Readable
}

/** A bar on a terminal; elsewhere, such as in a log, a line every few seconds. */
export interface Progress {
  /** @param read bytes of the file, as stored. */
  at(read: number, rows: number, quarantined: number): void
  end(): void
}

const LINE_EVERY = 5 * SECOND

/** @param size bytes of the file; null: not known, so there is no bar to fill. */
export function progressOn({ err }: Terminal, size: number | null): Progress {
  if (!err.isTTY || size === null) return lines(err)
  const bar = new SingleBar(
    {
      stream: err,
      format: '{bar} {percentage}% | {rows} rows | {eta_formatted} left',
      hideCursor: true,
    },
    Presets.shades_classic,
  )
  bar.start(size, 0, { rows: 0 })
  return {
    at: (read, rows) => bar.update(read, { rows }),
    end: () => bar.stop(),
  }
}

function lines(err: NodeJS.WritableStream): Progress {
  let told = Date.now()
  return {
    at(_read, rows, quarantined) {
      if (Date.now() - told < LINE_EVERY) return
      told = Date.now()
      err.write(`${rows} rows, ${quarantined} of them in quarantine\n`)
    },
    end() {},
  }
}

export const processTerminal: Terminal = {
  out: process.stdout,
  err: process.stderr,
  in: process.stdin,
}
