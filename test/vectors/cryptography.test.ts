import { createCipheriv, createHmac, hkdfSync } from 'node:crypto'
import { argon2id, hash } from 'argon2'
import { checksumOf, isApiKey } from '../../src/domain/access/api-key.ts'
import { deriveKey, lengthPrefixed, Pseudonyms } from '../../src/domain/privacy/pseudonym.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const repeated = (byte: number, length: number) => Buffer.alloc(length, byte)

describe('published vectors', () => {
  test('FIPS 197 appendix C.3: AES-256 of one block', () => {
    const key = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
    const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
    expect(cipher.update(hex('00112233445566778899aabbccddeeff')).toString('hex')).toBe(
      '8ea2b7ca516745bfeafc49904b496089',
    )
  })

  test('RFC 4231 test case 1: HMAC-SHA256', () => {
    const mac = createHmac('sha256', repeated(0x0b, 20)).update('Hi There').digest('hex')
    expect(mac).toBe('b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7')
  })

  test('RFC 5869 appendix A.1: HKDF-SHA256 with salt and info', () => {
    const okm = hkdfSync(
      'sha256',
      repeated(0x0b, 22),
      hex('000102030405060708090a0b0c'),
      hex('f0f1f2f3f4f5f6f7f8f9'),
      42,
    )
    expect(Buffer.from(okm).toString('hex')).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    )
  })

  test('RFC 5869 appendix A.3: our key derivation, without salt and info', () => {
    expect(deriveKey(repeated(0x0b, 22), [], 42).toString('hex')).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    )
  })

  test('RFC 9106 §5.3: argon2id', async () => {
    const raw = await hash(repeated(1, 32), {
      type: argon2id,
      salt: repeated(2, 16),
      secret: repeated(3, 8),
      associatedData: repeated(4, 12),
      timeCost: 3,
      memoryCost: 32,
      parallelism: 4,
      hashLength: 32,
      raw: true,
    })
    expect(raw.toString('hex')).toBe(
      '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659',
    )
  })

  test('the checksum of an expired GitHub token, whose format API keys follow', () => {
    expect(checksumOf('zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ')).toBe('0mLq17')
    expect(isApiKey('bauta_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17')).toBe(true)
  })
})

test('a pseudonym is one AES-256 block under the key of its audience, in base32', () => {
  const master = repeated(7, 32)
  const subject = '01234567-89ab-7def-8123-456789abcdef'
  const info = lengthPrefixed(['bauta/pseudonym/v1', 'acme', '1'])
  expect(info.toString('hex')).toBe(
    `00000012${Buffer.from('bauta/pseudonym/v1').toString('hex')}00000004${Buffer.from('acme').toString('hex')}0000000131`,
  )
  const prk = createHmac('sha256', Buffer.alloc(32)).update(master).digest()
  const key = createHmac('sha256', prk).update(info).update(hex('01')).digest()
  const block = createCipheriv('aes-256-ecb', key, null)
    .setAutoPadding(false)
    .update(hex(subject.replaceAll('-', '')))
  const bits = [...block].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const letters = bits
    .padEnd(130, '0')
    .match(/.{5}/g)
    ?.map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five, 2)])
  expect(new Pseudonyms(master, 'acme', 1).of(subject)).toBe(`p1${letters?.join('')}`)
})
