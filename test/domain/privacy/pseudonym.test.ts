import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { blindIndex } from '../../../src/domain/privacy/blind-index.ts'
import { lengthPrefixed, Pseudonyms } from '../../../src/domain/privacy/pseudonym.ts'
import { open, SealError, seal } from '../../../src/domain/privacy/seal.ts'
import { uuidFromBytes, uuidV7 } from '../../../src/kernel/ids.ts'
import { randomness } from '../../clock-and-randomness.ts'

const master = Buffer.alloc(32, 3)
const subjects = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => uuidFromBytes(Buffer.from(bytes)))
const audiences = fc.stringMatching(/^[a-z][a-z0-9]{0,11}$/)

describe('pseudonyms', () => {
  test('open to their subject for their audience', () => {
    fc.assert(
      fc.property(subjects, audiences, fc.nat(99), (subject, audience, epoch) => {
        const pseudonyms = new Pseudonyms(master, audience, epoch)
        expect(pseudonyms.of(subject)).toBe(pseudonyms.of(subject))
        expect(pseudonyms.open(pseudonyms.of(subject))).toBe(subject)
      }),
    )
  })

  test('of two audiences are never equal and lead nowhere at the other', () => {
    fc.assert(
      fc.property(subjects, audiences, audiences, (subject, one, other) => {
        fc.pre(one !== other)
        const [here, there] = [new Pseudonyms(master, one, 1), new Pseudonyms(master, other, 1)]
        expect(here.of(subject)).not.toBe(there.of(subject))
        expect(there.open(here.of(subject))).not.toBe(subject)
      }),
    )
  })

  test('differ where audience and epoch together spell the same', () => {
    const subject = uuidV7(0, randomness)
    const [one, other] = [new Pseudonyms(master, 'acme1', 2), new Pseudonyms(master, 'acme', 12)]
    expect(one.of(subject).slice(2)).not.toBe(other.of(subject).slice(3))
  })

  test('never collide', () => {
    const pseudonyms = new Pseudonyms(master, 'acme', 1)
    const seen = new Set<string>()
    for (let number = 0; number < 100_000; number++) {
      const block = Buffer.alloc(16)
      block.writeUInt32BE(number, 12)
      seen.add(pseudonyms.of(uuidFromBytes(block)))
    }
    expect(seen.size).toBe(100_000)
  })

  test('have one spelling: whatever else opens is another subject, and most of it does not', () => {
    const pseudonyms = new Pseudonyms(master, 'acme', 1)
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^p1[a-z2-7]{26}$/)), (text) => {
        const subject = pseudonyms.open(text)
        if (subject !== null) expect(pseudonyms.of(subject)).toBe(text)
      }),
      { numRuns: 1_000 },
    )
    const real = pseudonyms.of(uuidV7(0, randomness))
    for (const text of [
      real.toUpperCase(),
      `${real}a`,
      real.slice(0, -1),
      real.replace('p1', 'p2'),
    ])
      expect(pseudonyms.open(text)).toBeNull()
  })
})

describe('blind indexes', () => {
  const people = Array.from({ length: 2_000 }, (_, number) => `person${number}@example.com`)

  test('match a dictionary of every address only for who holds the key', () => {
    const stored = new Set(
      people.map((email) => blindIndex(master, 'email', email).toString('hex')),
    )
    const guesses = people.flatMap((email) => [
      ...['md5', 'sha1', 'sha256', 'sha512'].map((name) =>
        createHash(name).update(email).digest('hex'),
      ),
      createHmac('sha256', '').update(email).digest('hex'),
      createHmac('sha256', 'email')
        .update(lengthPrefixed(['email', email]))
        .digest('hex'),
      blindIndex(Buffer.alloc(32), 'email', email).toString('hex'),
    ])
    expect(guesses.filter((guess) => stored.has(guess))).toEqual([])
    const withKey = people.filter((email) =>
      stored.has(blindIndex(master, 'email', email).toString('hex')),
    )
    expect(withKey).toHaveLength(people.length)
  })

  test('change when a boundary between kind and value moves', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 2 }), fc.nat(), fc.nat(), (text, a, b) => {
        const [one, other] = [a % (text.length + 1), b % (text.length + 1)]
        fc.pre(one !== other)
        const at = (cut: number) => blindIndex(master, text.slice(0, cut), text.slice(cut))
        expect(at(one).equals(at(other))).toBe(false)
      }),
    )
  })
})

describe('sealed values', () => {
  const key = Buffer.alloc(32, 9)

  test('open to what was sealed, in their place', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.array(fc.string()), (plain, context) => {
        expect([...open(key, context, seal(key, context, plain, randomness))]).toEqual([...plain])
      }),
    )
    expect(open(key, ['a'], seal(key, ['a'], 'ünïcode', randomness)).toString('utf8')).toBe(
      'ünïcode',
    )
  })

  test('do not open when any byte was altered, the end cut, or the place changed', () => {
    const sealed = seal(key, ['subject', 'user.name'], 'Ada', randomness)
    for (let at = 0; at < sealed.length; at++) {
      const altered = Buffer.from(sealed)
      altered.writeUInt8(altered.readUInt8(at) ^ 0x80, at)
      expect(() => open(key, ['subject', 'user.name'], altered)).toThrow(SealError)
      expect(() => open(key, ['subject', 'user.name'], sealed.subarray(0, at))).toThrow(SealError)
    }
    for (const context of [
      ['subject', 'user.contact'],
      ['other', 'user.name'],
      ['subjectuser.name'],
      [],
    ])
      expect(() => open(key, context, sealed)).toThrow(SealError)
    expect(() => open(Buffer.alloc(32), ['subject', 'user.name'], sealed)).toThrow(SealError)
  })

  test('never look alike, though they hold the same', () => {
    const sealed = Array.from({ length: 100 }, () =>
      seal(key, [], 'same', randomness).toString('hex'),
    )
    expect(new Set(sealed).size).toBe(100)
  })
})
