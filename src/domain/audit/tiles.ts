import { HASH_BYTES } from './merkle.ts'

/** Hashes in a whole tile: the leaves of a subtree of height 8. */
export const TILE_WIDTH = 256

/**
 * Where a tile stands (C2SP tlog-tiles). Level 0 holds leaf hashes; each hash of level L is the root of a whole tile of
 * level L-1. `width` is the number of hashes from 1 to 256: below 256 the tile is partial, at the right edge.
 */
export interface TileAddress {
  readonly level: number
  readonly index: number
  readonly width: number
}

/** A tile and what is in it: hashes of 32 bytes, one after the other. */
export interface Tile {
  readonly address: TileAddress
  readonly hashes: Uint8Array
}

/**
 * Where tiles are kept.
 * An implementation MUST answer each address, in the order asked, with at least `width` hashes, and MUST reject where a
 * tile is missing or shorter. It MAY answer with more: a partial tile that has grown since is the same tile, told further.
 * A caller MUST NOT change the bytes.
 */
export interface TileReader {
  read(tiles: readonly TileAddress[]): Promise<readonly Uint8Array[]>
}

/** The path of a tile in C2SP tlog-tiles: `tile/<level>/<index>[.p/<width>]`, the index in groups of three digits. */
export function tilePath({ level, index, width }: TileAddress): string {
  const path = `tile/${level}/${groups(index)}`
  return width === TILE_WIDTH ? path : `${path}.p/${width}`
}

/** `1234067` as `x001/x234/067`. */
function groups(index: number): string {
  const last = String(index % 1_000).padStart(3, '0')
  const rest: string[] = []
  for (let more = Math.floor(index / 1_000); more > 0; more = Math.floor(more / 1_000))
    rest.unshift(`x${String(more % 1_000).padStart(3, '0')}`)
  return [...rest, last].join('/')
}

/** A tile as it is in the tree of `size` leaves. */
export function tileIn(size: number, level: number, index: number): TileAddress {
  const hashes = Math.floor(size / TILE_WIDTH ** level)
  return { level, index, width: Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH) }
}

/**
 * Reads tiles, each cut to its width.
 * @throws RangeError naming a tile of which the reader has less: proofs made of it would be wrong without saying so.
 */
export async function readTiles(
  addresses: readonly TileAddress[],
  reader: TileReader,
): Promise<readonly Uint8Array[]> {
  const found = await reader.read(addresses)
  return addresses.map((address, at) => {
    const bytes = address.width * HASH_BYTES
    const hashes = found[at]?.subarray(0, bytes)
    if (hashes?.length === bytes) return hashes
    throw new RangeError(`${tilePath(address)} is missing or shorter than that.`)
  })
}

/** The hashes of a tile, or of a part of one. */
export function* hashesIn(tile: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < tile.length; at += HASH_BYTES) yield tile.subarray(at, at + HASH_BYTES)
}
