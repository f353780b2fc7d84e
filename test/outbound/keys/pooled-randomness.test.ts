import { PooledRandomness } from '../../../src/outbound/keys/pooled-randomness.ts'

describe('pooled randomness', () => {
  test('hands out as many bytes as asked for, and none of them twice', () => {
    const randomness = new PooledRandomness()
    const lengths = [12, 16, 32, 0, 20_000, 16_384, ...Array.from({ length: 5_000 }, () => 16)]
    const pieces = lengths.map((length) => randomness.bytes(length))
    expect(pieces.map(({ length }) => length)).toEqual(lengths)
    const places = pieces
      .filter(({ length }) => length > 0)
      .map(({ buffer, byteOffset, length }) => ({
        buffer,
        from: byteOffset,
        to: byteOffset + length,
      }))
    for (const [n, place] of places.entries()) {
      const next = places[n + 1]
      if (next && next.buffer === place.buffer) expect(next.from).toBeGreaterThanOrEqual(place.to)
    }
    const nonces = pieces.filter(({ length }) => length === 16)
    expect(new Set(nonces.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(5_001)
  })
})
