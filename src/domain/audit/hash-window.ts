import { HASH_BYTES } from './merkle.ts'

/** A sequence of hashes of any length, of which only the next few are held. */
export class HashWindow {
  readonly #pieces: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)
  #position = 0
  #ended = false

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** How many hashes were passed. */
  get position(): number {
    return this.#position
  }

  /** How many are held. */
  get length(): number {
    return Math.floor(this.#held.length / HASH_BYTES)
  }

  /** Reads on until `count` are held, or to the end. */
  async fill(count: number): Promise<void> {
    const pieces = [this.#held]
    let bytes = this.#held.length
    while (!this.#ended && bytes < count * HASH_BYTES) {
      const { value, done } = await this.#pieces.next()
      if (done) this.#ended = true
      else {
        pieces.push(Buffer.from(value))
        bytes += value.length
      }
    }
    if (pieces.length > 1) this.#held = Buffer.concat(pieces)
  }

  /** How many hashes are the same in both, from one place on in each. */
  agreesWith(other: HashWindow, here = 0, there = 0): number {
    const most = Math.min(this.length - here, other.length - there)
    let agreed = 0
    while (agreed < most && this.#same(other, here + agreed, there + agreed)) agreed += 1
    return agreed
  }

  hash(at: number): string {
    return this.#held.toString('latin1', at * HASH_BYTES, (at + 1) * HASH_BYTES)
  }

  skip(count: number): void {
    this.#held = this.#held.subarray(count * HASH_BYTES)
    this.#position += count
  }

  take(count: number): readonly string[] {
    const taken = Array.from({ length: count }, (_, at) => this.hash(at))
    this.skip(count)
    return taken
  }

  #same(other: HashWindow, here: number, there: number): boolean {
    const from = here * HASH_BYTES
    const otherFrom = there * HASH_BYTES
    const [to, otherTo] = [from + HASH_BYTES, otherFrom + HASH_BYTES]
    return this.#held.compare(other.#held, otherFrom, otherTo, from, to) === 0
  }
}
