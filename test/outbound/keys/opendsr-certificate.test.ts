import { generateKeyPairSync, verify, X509Certificate } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCallbackSigner } from '../../../src/outbound/keys/opendsr-certificate.ts'
import { randomness } from '../../../src/stores.ts'
import { CERTIFICATE, withCertificate } from '../../peoples-requests.ts'

describe('the certificate of OpenDSR', () => {
  let dataDir: string
  let keys: string
  const sealingKey = Buffer.alloc(32, 1)
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'bauta-opendsr-'))
    keys = join(dataDir, 'keys')
    mkdirSync(keys)
  })
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

  const opened = async (domain = 'localhost', key = sealingKey) =>
    await openCallbackSigner({ dir: keys, domain, sealingKey: key, randomness })
  const another = (type: 'rsa' | 'ed25519', modulusLength = 2_048) => {
    const made =
      type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength })
        : generateKeyPairSync('ed25519')
    return made.privateKey.export({ type: 'pkcs8', format: 'pem' })
  }
  const isSigned = (signature: string) =>
    verify(
      'sha256',
      Buffer.from('body'),
      new X509Certificate(CERTIFICATE).publicKey,
      Buffer.from(signature, 'base64'),
    )

  test('is taken where key and host fit, and none is no failure', async () => {
    expect(await opened()).toBeNull()
    withCertificate(dataDir)
    expect((await opened())?.domain).toBe('localhost')
  })

  test('has its key sealed at the first start, and signs with it at every later one', async () => {
    withCertificate(dataDir)
    const secret = readFileSync(join(keys, 'opendsr.key'), 'utf8').split('\n')[2] ?? ''
    expect(secret.length).toBeGreaterThan(60)
    expect(isSigned((await opened())?.sign('body') ?? '')).toBe(true)
    expect(existsSync(join(keys, 'opendsr.key'))).toBe(false)
    for (const name of readdirSync(keys)) {
      if (!statSync(join(keys, name)).isFile()) continue
      expect([name, readFileSync(join(keys, name), 'latin1').includes(secret)]).toEqual([
        name,
        false,
      ])
    }
    expect(statSync(join(keys, 'opendsr.key.sealed')).mode & 0o777).toBe(0o600)
    expect(isSigned((await opened())?.sign('body') ?? '')).toBe(true)
  })

  test('has its key sealed once by gateways that start together', async () => {
    withCertificate(dataDir)
    const signers = await Promise.all([opened(), opened(), opened()])
    for (const one of signers) expect(isSigned(one?.sign('body') ?? '')).toBe(true)
  })

  test('is refused where another installation has sealed the key, until the key is brought again', async () => {
    withCertificate(dataDir)
    await opened()
    await expect(opened('localhost', Buffer.alloc(32, 2))).rejects.toThrow(/bring the key again/)
    withCertificate(dataDir)
    expect((await opened('localhost', Buffer.alloc(32, 2)))?.domain).toBe('localhost')
  })

  test('is refused for another host', async () => {
    withCertificate(dataDir)
    await expect(opened('gateway.example.com')).rejects.toThrow(/was not issued for/)
    expect(existsSync(join(keys, 'opendsr.key'))).toBe(true)
  })

  test('is refused with another key, one of no use, and without one; what was brought stays', async () => {
    withCertificate(dataDir)
    for (const [key, why] of [
      [another('rsa'), /is not the key of the certificate/],
      [another('ed25519'), /is no RSA key/],
      [another('rsa', 1_024), /fewer than 2048 bits/],
      ['nonsense', /can not be read/],
    ] as const) {
      writeFileSync(join(keys, 'opendsr.key'), key)
      await expect(opened()).rejects.toThrow(why)
      expect(readFileSync(join(keys, 'opendsr.key'), 'utf8')).toBe(key)
    }
    rmSync(join(keys, 'opendsr.key'))
    await expect(opened()).rejects.toThrow(/one of them is missing/)
  })

  test('is refused where the certificate is missing', async () => {
    withCertificate(dataDir)
    await opened()
    rmSync(join(keys, 'opendsr.pem'))
    await expect(opened()).rejects.toThrow(/one of them is missing/)
  })
})
