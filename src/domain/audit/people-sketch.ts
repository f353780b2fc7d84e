import { createHash } from 'node:crypto'

/** Bytes that stand for one person: two of 2^32 people would share them by chance. */
const PERSON = 8
/** Below so many people the count is exact. */
const EXACT = 512
const REGISTER_BITS = 12
const REGISTERS = 1 << REGISTER_BITS
const MOST_ZEROS = 64 - REGISTER_BITS + 1

/**
 * How many different people, without keeping whom: exact below 512, beyond that HyperLogLog (Flajolet et al. 2007, over
 * 64 bits as in Heule et al. 2013) with a standard error of 1.6 %. Sketches of several days add up to one of all of them.
 */
export class PeopleSketch {
  /** Hashes by their text, until there are too many. */
  #known: Map<string, Buffer> | null = new Map()
  #registers: Buffer | null = null

  /** @param bytes as from `toBytes`. */
  static from(bytes: Uint8Array): PeopleSketch {
    const sketch = new PeopleSketch()
    const buffer = Buffer.from(bytes)
    if (buffer.length === REGISTERS) {
      sketch.#registers = buffer
      sketch.#known = null
    } else {
      for (let at = 0; at + PERSON <= buffer.length; at += PERSON)
        sketch.#note(buffer.subarray(at, at + PERSON))
    }
    return sketch
  }

  /** @param ref audit reference of a person. */
  add(ref: string): void {
    this.#note(createHash('sha256').update(ref).digest().subarray(0, PERSON))
  }

  merge(other: PeopleSketch): void {
    if (other.#registers) {
      const registers = this.#estimating()
      for (const [at, rank] of other.#registers.entries())
        if (rank > (registers[at] ?? 0)) registers[at] = rank
    }
    for (const hash of other.#known?.values() ?? []) this.#note(hash)
  }

  count(): number {
    return this.#known ? this.#known.size : estimate(this.#estimating())
  }

  /** 8 bytes for each person while the count is exact, then 4,096 registers. */
  toBytes(): Buffer {
    return this.#known ? Buffer.concat([...this.#known.values()]) : this.#estimating()
  }

  #note(hash: Buffer): void {
    this.#known?.set(hash.toString('latin1'), hash)
    if (this.#known === null || this.#known.size >= EXACT) raise(this.#estimating(), hash)
  }

  #estimating(): Buffer {
    if (this.#registers) return this.#registers
    const registers = Buffer.alloc(REGISTERS)
    for (const hash of this.#known?.values() ?? []) raise(registers, hash)
    this.#known = null
    this.#registers = registers
    return registers
  }
}

function raise(registers: Buffer, hash: Buffer): void {
  const high = hash.readUInt32BE(0)
  const register = high >>> (32 - REGISTER_BITS)
  const rest = Math.clz32((high << REGISTER_BITS) | 0)
  const highBits = 32 - REGISTER_BITS
  const zeros = rest < highBits ? rest : highBits + Math.clz32(hash.readUInt32BE(4))
  const rank = Math.min(zeros + 1, MOST_ZEROS)
  if (rank > (registers[register] ?? 0)) registers[register] = rank
}

function estimate(registers: Buffer): number {
  let sum = 0
  let empty = 0
  for (const rank of registers) {
    sum += 2 ** -rank
    if (rank === 0) empty++
  }
  const alpha = 0.7213 / (1 + 1.079 / REGISTERS)
  const raw = (alpha * REGISTERS * REGISTERS) / sum
  if (raw <= 2.5 * REGISTERS && empty > 0)
    return Math.round(REGISTERS * Math.log(REGISTERS / empty))
  return Math.round(raw)
}
