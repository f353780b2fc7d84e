/** Reads big-endian fields of a base64url text (RFC 4648 §5), 6 bits a character. */
export class BitReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The next `bits` (at most 24) as a number. @throws RangeError past the end, or where a character is not of the alphabet. */
  take(bits: number): number {
    let value = 0
    for (let taken = 0; taken < bits; taken++) value = value * 2 + this.#bit()
    return value
  }

  skip(bits: number): void {
    this.#at += bits
  }

  #bit(): number {
    const value = ALPHABET.indexOf(this.#text.charAt(Math.floor(this.#at / 6)) || ' ')
    if (value < 0) throw new RangeError('no such bit')
    return (value >> (5 - (this.#at++ % 6))) & 1
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
