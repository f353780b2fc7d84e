import { hash } from 'node:crypto'

/** Bytes of a SHA-256 hash. */
export const HASH_BYTES = 32

const LEAF_PREFIX = 0
const NODE_PREFIX = 1

/** RFC 6962 §2.1: SHA-256(0x00 ‖ leaf). */
export function leafHash(bytes: Uint8Array): Buffer {
  const prefixed = Buffer.allocUnsafe(1 + bytes.length)
  prefixed[0] = LEAF_PREFIX
  prefixed.set(bytes, 1)
  return hash('sha256', prefixed, 'buffer')
}

const pair = Buffer.alloc(1 + 2 * HASH_BYTES, NODE_PREFIX)

/** RFC 6962 §2.1: SHA-256(0x01 ‖ left ‖ right), of two hashes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1)
  pair.set(right, 1 + left.length)
  return hash('sha256', pair.subarray(0, 1 + left.length + right.length), 'buffer')
}

/**
 * The root of a tree that is told from left to right: leaf hashes, or hashes of whole subtrees. It keeps one hash for
 * each bit of the size, so a tree of any size takes constant memory.
 */
export class TreeAccumulator {
  /** Hashes of complete subtrees, widest first, and how many leaves each stands for. */
  readonly #hashes: Uint8Array[] = []
  readonly #widths: number[] = []
  #size = 0

  /** Number of leaves so far. */
  get size(): number {
    return this.#size
  }

  /**
   * @param width leaves under this hash: a power of two that divides the size so far.
   * @throws RangeError where no subtree of that width can stand here.
   */
  append(subtree: Uint8Array, width = 1): void {
    if (this.#size % width !== 0) throw new RangeError(`No subtree of ${width} begins here.`)
    this.#size += width
    let joined = subtree
    let joinedWidth = width
    while (this.#widths.at(-1) === joinedWidth) {
      joined = nodeHash(this.#hashes.pop() as Uint8Array, joined)
      this.#widths.pop()
      joinedWidth *= 2
    }
    this.#hashes.push(joined)
    this.#widths.push(joinedWidth)
  }

  /** @param leafHashes of 32 bytes each, one after the other. */
  appendLeaves(leafHashes: Uint8Array): void {
    const count = leafHashes.length / HASH_BYTES
    for (let at = 0; at < count; ) {
      let width = 1
      while (width < BLOCK && this.#size % (2 * width) === 0 && at + 2 * width <= count) width *= 2
      const block = leafHashes.subarray(at * HASH_BYTES, (at + width) * HASH_BYTES)
      this.append(completeRoot(block), width)
      at += width
    }
  }

  /** RFC 6962 §2.1: the Merkle tree hash of all so far; of nothing, SHA-256 of nothing. */
  root(): Uint8Array {
    let root = this.#hashes.at(-1)
    if (root === undefined) return hash('sha256', Buffer.alloc(0), 'buffer')
    for (let at = this.#hashes.length - 2; at >= 0; at--)
      root = nodeHash(this.#hashes[at] as Uint8Array, root)
    return root
  }
}

/** Leaves that are hashed together: enough that the work for each block does not count. */
const BLOCK = 256
const working = Buffer.alloc(BLOCK * HASH_BYTES)

/** The root over at most 256 hashes, a power of two of them. Twice as fast as node by node: it makes no object for each. */
function completeRoot(hashes: Uint8Array): Uint8Array {
  working.set(hashes)
  for (let width = hashes.length / HASH_BYTES / 2; width >= 1; width /= 2)
    for (let at = 0; at < width; at++) {
      working.copy(pair, 1, 2 * at * HASH_BYTES, 2 * (at + 1) * HASH_BYTES)
      working.write(hash('sha256', pair, 'binary'), at * HASH_BYTES, 'latin1')
    }
  return Uint8Array.from(working.subarray(0, HASH_BYTES))
}

/**
 * The Merkle tree hash over leaf hashes in their order (RFC 6962 §2.1).
 * @param leafHashes one by one, or several in a piece.
 */
export function treeRootOf(leafHashes: Iterable<Uint8Array>): Uint8Array {
  const tree = new TreeAccumulator()
  for (const piece of leafHashes) tree.appendLeaves(piece)
  return tree.root()
}

/** That the leaf with this hash stands at `index` in the tree of `size` leaves with this root. */
export interface InclusionClaim {
  readonly index: number | bigint
  readonly size: number | bigint
  readonly leafHash: Uint8Array
  readonly root: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** RFC 9162 §2.1.3.2. False for whatever does not hold, malformed claims included. */
export function verifyInclusion(claim: InclusionClaim): boolean {
  const { leafHash: leaf, root, proof } = claim
  const index = BigInt(claim.index)
  const size = BigInt(claim.size)
  if (index < 0n || index >= size || ![leaf, root, ...proof].every(isHash)) return false
  const sides = sidesOf(index, size - 1n, proof.length)
  return sides !== null && equal(climb(leaf, proof, sides), root)
}

/** That the tree of `oldSize` leaves is the beginning of the tree of `newSize` leaves. */
export interface ConsistencyClaim {
  readonly oldSize: number | bigint
  readonly newSize: number | bigint
  readonly oldRoot: Uint8Array
  readonly newRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * RFC 9162 §2.1.4.2. False for whatever does not hold, malformed claims included; also for an empty old tree: every tree
 * begins with nothing, so such a claim would show nothing.
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { oldRoot, newRoot, proof } = claim
  const oldSize = BigInt(claim.oldSize)
  const newSize = BigInt(claim.newSize)
  if (oldSize <= 0n || oldSize > newSize) return false
  if (oldSize === newSize) return proof.length === 0 && equal(oldRoot, newRoot)
  if (![oldRoot, newRoot, ...proof].every(isHash)) return false
  // A complete old tree is a node of the new one and is not repeated in the proof.
  const [start, ...path] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof
  if (start === undefined) return false
  let [at, last] = [oldSize - 1n, newSize - 1n]
  while (isOdd(at)) [at, last] = [at >> 1n, last >> 1n]
  const sides = sidesOf(at, last, path.length)
  if (sides === null) return false
  // What stands left belonged to the old tree as well; what stands right came later.
  const older = path.filter((_, step) => sides[step] === 'left')
  const left = older.map(() => 'left' as const)
  return equal(climb(start, older, left), oldRoot) && equal(climb(start, path, sides), newRoot)
}

type Side = 'left' | 'right'

/**
 * The walk of RFC 9162 §2.1.3.2 from node `at` of a level whose last node is `last` up to the root.
 * @returns on which side each sibling stands; null where the walk has another number of them.
 */
function sidesOf(from: bigint, lastThere: bigint, siblings: number): readonly Side[] | null {
  const sides: Side[] = []
  let [at, last] = [from, lastThere]
  for (let step = 0; step < siblings; step++) {
    if (last === 0n) return null
    const side = isOdd(at) || at === last ? 'left' : 'right'
    sides.push(side)
    // A node without a sibling of its own at the right edge stands for itself further up.
    if (side === 'left') while (!isOdd(at) && at !== 0n) [at, last] = [at >> 1n, last >> 1n]
    ;[at, last] = [at >> 1n, last >> 1n]
  }
  return last === 0n ? sides : null
}

function climb(
  from: Uint8Array,
  siblings: readonly Uint8Array[],
  sides: readonly Side[],
): Uint8Array {
  return siblings.reduce(
    (reached, sibling, step) =>
      sides[step] === 'left' ? nodeHash(sibling, reached) : nodeHash(reached, sibling),
    from,
  )
}

export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES
}

function isOdd(n: bigint): boolean {
  return (n & 1n) === 1n
}

function isPowerOfTwo(n: bigint): boolean {
  return (n & (n - 1n)) === 0n
}
