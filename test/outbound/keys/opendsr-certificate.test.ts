import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openCallbackSigner } from '../../../src/outbound/keys/opendsr-certificate.ts'
import { withCertificate } from '../../peoples-requests.ts'

describe('the certificate of OpenDSR', () => {
  let dataDir: string
  let keys: string
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'bauta-opendsr-'))
    keys = join(dataDir, 'keys')
    mkdirSync(keys)
  })
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

  const another = (type: 'rsa' | 'ed25519') => {
    const made =
      type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
        : generateKeyPairSync('ed25519')
    return made.privateKey.export({ type: 'pkcs8', format: 'pem' })
  }

  test('is taken where key and host fit, and none is no failure', () => {
    expect(openCallbackSigner(keys, 'localhost')).toBeNull()
    withCertificate(dataDir)
    expect(openCallbackSigner(keys, 'localhost')?.domain).toBe('localhost')
  })

  test('is refused for another host', () => {
    withCertificate(dataDir)
    expect(() => openCallbackSigner(keys, 'gateway.example.com')).toThrow(/was not issued for/)
  })

  test('is refused with another key, one of another kind, one that can not be read, and without one', () => {
    withCertificate(dataDir)
    writeFileSync(join(keys, 'opendsr.key'), another('rsa'))
    expect(() => openCallbackSigner(keys, 'localhost')).toThrow(/is not the key of/)
    writeFileSync(join(keys, 'opendsr.key'), another('ed25519'))
    expect(() => openCallbackSigner(keys, 'localhost')).toThrow(/is no RSA key/)
    writeFileSync(join(keys, 'opendsr.key'), 'nonsense')
    expect(() => openCallbackSigner(keys, 'localhost')).toThrow(/can not be read/)
    rmSync(join(keys, 'opendsr.key'))
    expect(() => openCallbackSigner(keys, 'localhost')).toThrow(/one of them is missing/)
  })
})
