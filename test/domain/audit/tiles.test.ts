import { createHash } from 'node:crypto'
import fc from 'fast-check'
import {
  nodeHash,
  TreeAccumulator,
  treeRootOf,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/domain/audit/merkle.ts'
import {
  type Tile,
  type TileAddress,
  type TileReader,
  tilePath,
} from '../../../src/domain/audit/tiles.ts'
import { EMPTY_EDGE, grow, readRightEdge } from '../../../src/domain/audit/tree-growth.ts'
import {
  completeSubtrees,
  consistencyProof,
  inclusionProof,
  rangeProof,
  rootAt,
} from '../../../src/domain/audit/tree-proofs.ts'

/** Keeps tiles as an adapter does: a wider tile replaces a narrower one. Counts what is read. */
class TilesInMemory implements TileReader {
  readonly #tiles = new Map<string, Uint8Array>()
  reads = 0

  write(tiles: readonly Tile[]): void {
    for (const { address, hashes } of tiles)
      this.#tiles.set(`${address.level}/${address.index}`, Uint8Array.from(hashes))
  }

  read(addresses: readonly TileAddress[]): Promise<readonly Uint8Array[]> {
    this.reads += addresses.length
    return Promise.resolve(
      addresses.map(({ level, index }) => this.#tiles.get(`${level}/${index}`) ?? new Uint8Array()),
    )
  }
}

const leaf = (index: number) => createHash('sha256').update(`leaf ${index}`).digest()
const LARGEST = 65_537
const leaves = Array.from({ length: LARGEST }, (_, index) => leaf(index))

const split = (from: number, to: number) => from + 2 ** (Math.ceil(Math.log2(to - from)) - 1)
const known = new Map<string, Uint8Array>()

/** RFC 6962 §2.1, word for word. */
function plainRoot(from: number, to: number): Uint8Array {
  if (to - from === 1) return leaves[from] as Uint8Array
  const key = `${from}-${to}`
  const k = split(from, to)
  const root = known.get(key) ?? nodeHash(plainRoot(from, k), plainRoot(k, to))
  known.set(key, root)
  return root
}

/** RFC 6962 §2.1.1, word for word. */
function plainPath(index: number, from: number, to: number): Uint8Array[] {
  if (to - from === 1) return []
  const k = split(from, to)
  return index < k
    ? [...plainPath(index, from, k), plainRoot(k, to)]
    : [...plainPath(index, k, to), plainRoot(from, k)]
}

/** RFC 6962 §2.1.2, word for word. */
function plainProof(old: number, from: number, to: number, whole = true): Uint8Array[] {
  if (old === to) return whole ? [] : [plainRoot(from, to)]
  const k = split(from, to)
  return old <= k
    ? [...plainProof(old, from, k, whole), plainRoot(k, to)]
    : [...plainProof(old, k, to, false), plainRoot(from, k)]
}

/** A tree grown in the given steps. */
function grownTo(...sizes: readonly number[]): { tiles: TilesInMemory; root: Uint8Array } {
  const tiles = new TilesInMemory()
  let edge = EMPTY_EDGE
  let root = treeRootOf([])
  for (const size of sizes) {
    const growth = grow(edge, leaves.slice(edge.size, size))
    tiles.write(growth.tiles)
    edge = growth.edge
    root = growth.root
  }
  return { tiles, root }
}

const whole = grownTo(LARGEST).tiles
const awkward = [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537]
const sizes = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...awkward) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 700 }) },
)
const hex = (hashes: readonly Uint8Array[]) =>
  hashes.map((hash) => Buffer.from(hash).toString('hex'))

describe('a tree kept as tiles', () => {
  test('has the paths of C2SP tlog-tiles', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067')
    expect(tilePath({ level: 1, index: 0, width: 17 })).toBe('tile/1/000.p/17')
    expect(tilePath({ level: 2, index: 5_000, width: 1 })).toBe('tile/2/x005/000.p/1')
  })

  test('of 70,000 leaves has the tiles that the specification counts', () => {
    const some = Array.from({ length: 70_000 }, () => leaves[0] as Buffer)
    const paths = grow(EMPTY_EDGE, some).tiles.map(({ address }) => tilePath(address))
    expect(paths).toHaveLength(273 + 1 + 1 + 1 + 1)
    expect(paths).toEqual(
      expect.arrayContaining([
        'tile/0/273.p/112',
        'tile/1/000',
        'tile/1/001.p/17',
        'tile/2/000.p/1',
      ]),
    )
  })

  test.each(awkward)('of %i leaves has the root of the definition', async (size) => {
    const root = plainRoot(0, size)
    expect(await rootAt(size, whole)).toEqual(root)
    expect(treeRootOf(leaves.slice(0, size))).toEqual(root)
    expect(grownTo(size).root).toEqual(root)
  })

  test('grows to the same root and the same edge in whatever steps', async () => {
    const steps = fc.array(sizes, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(steps, async (some) => {
        const ascending = [...some].sort((a, b) => a - b)
        const size = ascending.at(-1) as number
        const { tiles, root } = grownTo(...ascending)
        expect(root).toEqual(await rootAt(size, whole))
        const edge = await readRightEdge(size, tiles)
        expect(grow(edge, []).root).toEqual(root)
        expect(edge.partial.map((part) => part.length / 32)).toEqual(
          edge.partial.map((_, level) => Math.floor(size / 256 ** level) % 256),
        )
      }),
      { numRuns: 20 },
    )
  })

  test('proves inclusion as the definition does', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.double({ min: 0, max: 1, noNaN: true }), async (size, share) => {
        const index = Math.min(size - 1, Math.floor(share * size))
        const proof = await inclusionProof(index, size, whole)
        expect(hex(proof)).toEqual(hex(plainPath(index, 0, size)))
        const claim = { index, size, leafHash: leaf(index), root: await rootAt(size, whole), proof }
        expect(verifyInclusion(claim)).toBe(true)
        expect(verifyInclusion({ ...claim, leafHash: leaf(index + 1) })).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  test('proves consistency as the definition does', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (one, other) => {
        const [oldSize, newSize] = [Math.min(one, other), Math.max(one, other)]
        const proof = await consistencyProof(oldSize, newSize, whole)
        expect(hex(proof)).toEqual(hex(plainProof(oldSize, 0, newSize)))
        const [oldRoot, newRoot] = [await rootAt(oldSize, whole), await rootAt(newSize, whole)]
        expect(verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof })).toBe(true)
        expect(
          verifyConsistency({ oldSize, newSize, oldRoot: leaf(LARGEST), newRoot, proof }),
        ).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  test('leads from any range to the root', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (size, one, other) => {
        const first = one % size
        const count = 1 + (other % (size - first))
        const { left, proof } = await rangeProof({ first, count, size }, whole)
        const tree = new TreeAccumulator()
        for (const [at, { from, to }] of completeSubtrees(0, first).entries())
          tree.append(left[at] as Uint8Array, to - from)
        for (const hash of leaves.slice(first, first + count)) tree.append(hash)
        const newRoot = await rootAt(size, whole)
        const sizesAndRoots = {
          oldSize: first + count,
          oldRoot: tree.root(),
          newSize: size,
          newRoot,
        }
        expect(verifyConsistency({ ...sizesAndRoots, proof })).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('reads few tiles for a proof, and writes only the right edge', async () => {
    const before = whole.reads
    await inclusionProof(40_000, 65_537, whole)
    await consistencyProof(40_001, 65_537, whole)
    expect(whole.reads - before).toBeLessThanOrEqual(10)
    const edge = await readRightEdge(65_535, whole)
    const { tiles } = grow(edge, leaves.slice(65_535, 65_537))
    expect(tiles.map(({ address }) => tilePath(address))).toEqual([
      'tile/0/255',
      'tile/0/256.p/1',
      'tile/1/000',
      'tile/2/000.p/1',
    ])
  })

  test('refuses what can not be proved', async () => {
    await expect(inclusionProof(5, 5, whole)).rejects.toThrow(RangeError)
    await expect(inclusionProof(-1, 5, whole)).rejects.toThrow(RangeError)
    await expect(consistencyProof(0, 5, whole)).rejects.toThrow(RangeError)
    await expect(consistencyProof(6, 5, whole)).rejects.toThrow(RangeError)
    await expect(rangeProof({ first: 3, count: 3, size: 5 }, whole)).rejects.toThrow(RangeError)
    const tree = new TreeAccumulator()
    tree.append(leaf(0))
    expect(() => tree.append(leaf(1), 2)).toThrow(RangeError)
  })

  test('makes no proof of a tile that is missing', async () => {
    await expect(inclusionProof(3, 300, new TilesInMemory())).rejects.toThrow('tile/0/000')
  })
})
