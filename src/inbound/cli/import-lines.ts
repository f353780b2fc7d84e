/** One line of a file, without its line end; null when it was too long to be held. */
export type Line = Buffer | null

/** Longer lines are no rows: they are passed over in pieces. */
export const MOST_LINE_BYTES = 1024 * 1024

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Lines of a stream of bytes, in groups as they arrive; never more than one line and one piece are held. */
export async function* readLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  let held: Buffer[] = []
  let length = 0
  const take = (): Line => {
    const line = length > MOST_LINE_BYTES ? null : withoutReturn(Buffer.concat(held))
    held = []
    length = 0
    return line
  }
  const keep = (piece: Buffer) => {
    length += piece.length
    if (length > MOST_LINE_BYTES) held = []
    else held.push(piece)
  }
  for await (const chunk of bytes) {
    const lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      keep(chunk.subarray(start, end))
      lines.push(take())
      start = end + 1
    }
    if (start < chunk.length) keep(chunk.subarray(start))
    yield lines
  }
  if (length > 0) yield [take()]
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
}
