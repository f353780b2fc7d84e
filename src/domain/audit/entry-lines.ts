import { hash } from 'node:crypto'
import {
  DISCARDED_MARK,
  ExportFormatError,
  exportFiles,
  hashInDiscardedLine,
} from './export-folder.ts'

/** What a reader of lines meets besides the hashes. `line` counts from 0. */
export interface LineWatch {
  /** A line that stands for an entry whose bytes were discarded. */
  discarded(line: number): void
  /** The last line has no newline. */
  unterminated(): void
}

const NEWLINE = 0x0a
const LEAF_PREFIX = 0
/** An entry has at most 65,535 bytes (C2SP tlog-tiles). Twice that: where one newline is lost, two entries are one line. */
const LONGEST_LINE = 2 * 65_536

/**
 * The leaf hashes of the lines of `entries.jsonl`, some at a time, one after the other. Nothing is parsed: the bytes of a
 * line are the leaf. A last line without newline counts as a line.
 * @throws ExportFormatError where a line is longer than entries can be.
 */
export async function* leafHashesOf(
  chunks: AsyncIterable<Uint8Array>,
  watch: LineWatch,
): AsyncGenerator<Uint8Array> {
  const lines = new LineHasher(watch)
  for await (const chunk of chunks) {
    const hashes = lines.take(chunk)
    if (hashes.length > 0) yield hashes
  }
  const last = lines.end()
  if (last.length > 0) yield last
}

class LineHasher {
  readonly #watch: LineWatch
  #rest: Uint8Array = Buffer.alloc(0)
  #line = 0

  constructor(watch: LineWatch) {
    this.#watch = watch
  }

  take(chunk: Uint8Array): Uint8Array {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end === 0) {
      this.#keep(Buffer.concat([this.#rest, chunk]))
      return Buffer.alloc(0)
    }
    // One byte more in front: the byte before each line becomes the prefix of a leaf, so that no line is copied again.
    const whole = Buffer.concat([Buffer.alloc(1), this.#rest, chunk.subarray(0, end)])
    this.#keep(chunk.subarray(end))
    return this.#hashes(whole)
  }

  end(): Uint8Array {
    if (this.#rest.length === 0) return Buffer.alloc(0)
    this.#watch.unterminated()
    return this.#hashes(Buffer.concat([Buffer.alloc(1), this.#rest, Buffer.from([NEWLINE])]))
  }

  #keep(rest: Uint8Array): void {
    if (rest.length > LONGEST_LINE)
      throw new ExportFormatError(
        exportFiles.entries,
        `Line ${this.#line + 1} of ${exportFiles.entries} is longer than an entry can be.`,
      )
    this.#rest = rest
  }

  #hashes(whole: Buffer): Uint8Array {
    const strings: string[] = []
    for (let at = 1; at < whole.length; ) {
      const end = whole.indexOf(NEWLINE, at)
      strings.push(this.#hashOf(whole, at, end))
      this.#line += 1
      at = end + 1
    }
    return Buffer.from(strings.join(''), 'latin1')
  }

  #hashOf(whole: Buffer, at: number, end: number): string {
    if (whole[at] === DISCARDED_MARK) {
      const told = hashInDiscardedLine(whole.subarray(at, end))
      if (told) {
        this.#watch.discarded(this.#line)
        return Buffer.from(told).toString('latin1')
      }
    }
    whole[at - 1] = LEAF_PREFIX
    return hash('sha256', whole.subarray(at - 1, end), 'binary')
  }
}
