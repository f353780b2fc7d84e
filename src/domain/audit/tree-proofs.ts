import { HASH_BYTES, TreeAccumulator, treeRootOf } from './merkle.ts'
import { readTiles, TILE_WIDTH, type TileAddress, type TileReader, tileIn } from './tiles.ts'

/** The Merkle tree hash of the first `size` leaves. Reads the right edge: one tile a level at most. */
export async function rootAt(size: number, reader: TileReader): Promise<Uint8Array> {
  const [root] = await hashesOf([{ from: 0, to: size }], size, reader)
  return root as Uint8Array
}

/**
 * RFC 6962 §2.1.1: that leaf `index` is in the tree of `size` leaves. Reads O(log size) tiles.
 * @throws RangeError where it can not be.
 */
export async function inclusionProof(
  index: number,
  size: number,
  reader: TileReader,
): Promise<readonly Uint8Array[]> {
  wholeNumbers(index, size)
  if (index >= size) throw new RangeError(`There is no entry ${index} among ${size}.`)
  const path: Span[] = []
  let span: Span = { from: 0, to: size }
  while (span.to - span.from > 1) {
    const [left, right] = halves(span)
    const goLeft = index < left.to
    path.unshift(goLeft ? right : left)
    span = goLeft ? left : right
  }
  return await hashesOf(path, size, reader)
}

/**
 * RFC 6962 §2.1.2: that the first `oldSize` leaves of the tree of `newSize` leaves are the old tree. Reads O(log newSize)
 * tiles. Empty where both are of one size.
 * @throws RangeError for an empty old tree, or one larger than the new.
 */
export async function consistencyProof(
  oldSize: number,
  newSize: number,
  reader: TileReader,
): Promise<readonly Uint8Array[]> {
  wholeNumbers(oldSize, newSize)
  if (oldSize === 0 || oldSize > newSize)
    throw new RangeError(`No proof leads from ${oldSize} entries to ${newSize}.`)
  const path: Span[] = []
  let span: Span = { from: 0, to: newSize }
  while (oldSize < span.to) {
    const [left, right] = halves(span)
    const goLeft = oldSize <= left.to
    path.unshift(goLeft ? right : left)
    span = goLeft ? left : right
  }
  // The verifier knows the old root; only where the old tree is no node of the new one does the proof begin with its end.
  if (span.from > 0) path.unshift(span)
  return await hashesOf(path, newSize, reader)
}

/**
 * What leads from a range of entries to the root of `size`: `left` are the hashes of the complete subtrees that cover
 * everything before the range, from left to right; with the entries behind them they make the tree of all up to the end of
 * the range, and `proof` shows (RFC 6962 §2.1.2) that it is the beginning of the tree of `size`. Of an empty beginning
 * nothing is to be shown.
 */
export async function rangeProof(
  range: { readonly first: number; readonly count: number; readonly size: number },
  reader: TileReader,
): Promise<{ readonly left: readonly Uint8Array[]; readonly proof: readonly Uint8Array[] }> {
  const { first, count, size } = range
  wholeNumbers(first, count, size)
  const end = first + count
  if (end > size) throw new RangeError(`There are no entries ${first} to ${end} among ${size}.`)
  return {
    left: await hashesOf(completeSubtrees(0, first), size, reader),
    proof: end === 0 ? [] : await consistencyProof(end, size, reader),
  }
}

/** Leaves from `from` up to, not including, `to`. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The widest complete subtrees that make up a span, from left to right. */
export function completeSubtrees(from: number, to: number): readonly Span[] {
  const spans: Span[] = []
  for (let at = from; at < to; ) {
    let width = 1
    while (at % (2 * width) === 0 && at + 2 * width <= to) width *= 2
    spans.push({ from: at, to: at + width })
    at += width
  }
  return spans
}

/** RFC 6962 §2.1: where a tree divides, at the largest power of two below its size. */
function halves({ from, to }: Span): readonly [Span, Span] {
  let width = 1
  while (2 * width < to - from) width *= 2
  return [
    { from, to: from + width },
    { from: from + width, to },
  ]
}

/** The Merkle tree hash of each span; all tiles are asked for at once. Spans begin where RFC 6962 divides the tree. */
async function hashesOf(
  spans: readonly Span[],
  size: number,
  reader: TileReader,
): Promise<readonly Uint8Array[]> {
  const parts = spans.map(({ from, to }) => completeSubtrees(from, to).map(nodeOf))
  const needed = new Map<string, TileAddress>()
  for (const { level, tile } of parts.flat())
    needed.set(`${level}/${tile}`, tileIn(size, level, tile))
  const found = await readTiles([...needed.values()], reader)
  const tiles = new Map([...needed.keys()].map((key, at) => [key, found[at] as Uint8Array]))
  return parts.map((nodes) => {
    const tree = new TreeAccumulator()
    for (const { level, tile, offset, width } of nodes)
      tree.append(
        nodeIn(tiles.get(`${level}/${tile}`) as Uint8Array, offset, width),
        width * TILE_WIDTH ** level,
      )
    return tree.root()
  })
}

/** A complete subtree as part of a tile: `width` of its hashes, a power of two below 256, from `offset`. */
interface TileNode {
  readonly level: number
  readonly tile: number
  readonly offset: number
  readonly width: number
}

function nodeOf({ from, to }: Span): TileNode {
  let level = 0
  let scale = 1
  while (to - from >= scale * TILE_WIDTH) {
    level += 1
    scale *= TILE_WIDTH
  }
  const position = from / scale
  return {
    level,
    tile: Math.floor(position / TILE_WIDTH),
    offset: position % TILE_WIDTH,
    width: (to - from) / scale,
  }
}

function nodeIn(tile: Uint8Array, offset: number, width: number): Uint8Array {
  return treeRootOf([tile.subarray(offset * HASH_BYTES, (offset + width) * HASH_BYTES)])
}

function wholeNumbers(...numbers: readonly number[]): void {
  for (const one of numbers)
    if (!Number.isSafeInteger(one) || one < 0)
      throw new RangeError(`${one} is not a number of entries.`)
}
