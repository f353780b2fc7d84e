import fc from 'fast-check'
import { apiKeyHash, isApiKey, newApiKey } from '../../../src/domain/access/api-key.ts'
import { randomness } from '../../clock-and-randomness.ts'

describe('API keys', () => {
  test('have the shape and checksum by which they are recognised', () => {
    for (let round = 0; round < 200; round++) {
      const key = newApiKey(randomness)
      expect(key).toMatch(/^bauta_[0-9A-Za-z]{36}$/)
      expect(isApiKey(key)).toBe(true)
    }
  })

  test('are refused with any letter mistyped', () => {
    const key = newApiKey(randomness)
    for (let at = 'bauta_'.length; at < key.length; at++) {
      const other = key[at] === 'x' ? 'y' : 'x'
      expect(isApiKey(key.slice(0, at) + other + key.slice(at + 1))).toBe(false)
    }
  })

  test('are nothing that a stranger would send', () => {
    fc.assert(fc.property(fc.string(), (text) => !isApiKey(text)))
    fc.assert(fc.property(fc.string(), (text) => !isApiKey(`bauta_${text}`)))
  })

  test('use every letter equally often, whatever the bytes', () => {
    // Bytes that would fall on the first letters twice as often are drawn anew.
    const biased = {
      bytes: (length: number) => Buffer.alloc(length).map((_, at) => (at % 2 ? 255 : 61)),
    }
    expect(newApiKey(biased).slice(6, 36)).toBe('z'.repeat(30))
  })

  test('are stored as a hash that differs from key to key', () => {
    expect(apiKeyHash('bauta_a')).toHaveLength(32)
    expect(apiKeyHash('bauta_a').equals(apiKeyHash('bauta_b'))).toBe(false)
  })
})
