import { HASH_BYTES, TreeAccumulator, treeRootOf } from './merkle.ts'
import {
  hashesIn,
  readTiles,
  TILE_WIDTH,
  type Tile,
  type TileAddress,
  type TileReader,
} from './tiles.ts'

/** All that growing a tree needs to know of it: its size, and the hashes in the partial tile of each level. */
export interface RightEdge {
  readonly size: number
  /** By level; empty where the last tile of a level is whole. */
  readonly partial: readonly Uint8Array[]
}

export const EMPTY_EDGE: RightEdge = { size: 0, partial: [] }

/** A tree with more leaves than before. */
export interface Growth {
  /** Every tile that is new or wider than before; a stored partial tile of the same level and index is replaced. */
  readonly tiles: readonly Tile[]
  readonly edge: RightEdge
  readonly root: Uint8Array
}

/** Integrates leaf hashes behind a tree's last one. It costs O(leaves + log size) and needs nothing but the right edge. */
export function grow(edge: RightEdge, leafHashes: readonly Uint8Array[]): Growth {
  const tiles: Tile[] = []
  const partial = [...edge.partial]
  let arriving = leafHashes
  let before = edge.size
  for (let level = 0; arriving.length > 0; level++) {
    const row = Buffer.concat([partial[level] ?? new Uint8Array(), ...arriving])
    const parents: Uint8Array[] = []
    let index = Math.floor(before / TILE_WIDTH)
    for (let at = 0; at < row.length; at += TILE_WIDTH * HASH_BYTES, index++) {
      const hashes = row.subarray(at, at + TILE_WIDTH * HASH_BYTES)
      const width = hashes.length / HASH_BYTES
      tiles.push({ address: { level, index, width }, hashes })
      if (width === TILE_WIDTH) parents.push(treeRootOf([hashes]))
    }
    partial[level] = row.subarray(row.length - (row.length % (TILE_WIDTH * HASH_BYTES)))
    arriving = parents
    before = Math.floor(before / TILE_WIDTH)
  }
  const grown = { size: edge.size + leafHashes.length, partial }
  return { tiles, edge: grown, root: rootOfEdge(grown) }
}

/** Reads the right edge of the tree of `size` leaves: one tile a level at most. */
export async function readRightEdge(size: number, reader: TileReader): Promise<RightEdge> {
  const addresses: TileAddress[] = []
  for (let level = 0, hashes = size; hashes > 0; level++, hashes = Math.floor(hashes / TILE_WIDTH))
    addresses.push({ level, index: Math.floor(hashes / TILE_WIDTH), width: hashes % TILE_WIDTH })
  const needed = addresses.filter(({ width }) => width > 0)
  const found = await readTiles(needed, reader)
  const partial = addresses.map((address) => found[needed.indexOf(address)] ?? new Uint8Array())
  return { size, partial }
}

function rootOfEdge({ partial }: RightEdge): Uint8Array {
  const tree = new TreeAccumulator()
  for (let level = partial.length - 1; level >= 0; level--)
    for (const hash of hashesIn(partial[level] as Uint8Array))
      tree.append(hash, TILE_WIDTH ** level)
  return tree.root()
}
