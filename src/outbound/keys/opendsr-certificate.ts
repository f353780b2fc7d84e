import { createPrivateKey, sign, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CallbackSigner } from '../../domain/delivery/callback-signer.ts'
import { Refusal } from '../../kernel/refusal.ts'

export const OPENDSR_CERTIFICATE = 'opendsr.pem'
export const OPENDSR_KEY = 'opendsr.key'

/**
 * The certificate that an authority has issued for this domain, and its key, as the operator has put them into the key
 * folder. Null where neither is there.
 * @throws Refusal KEYS_UNAVAILABLE where they do not belong together, or are of no use: half of it is worse than none.
 */
export function openCallbackSigner(dir: string, domain: string): CallbackSigner | null {
  const [certificatePath, keyPath] = [join(dir, OPENDSR_CERTIFICATE), join(dir, OPENDSR_KEY)]
  const there = [certificatePath, keyPath].filter((path) => existsSync(path))
  if (there.length === 0) return null
  if (there.length === 1)
    throw unusable(`${certificatePath} and ${keyPath} belong together; one of them is missing`)
  const certificate = readFileSync(certificatePath, 'utf8')
  const { leaf, key } = opened(certificate, readFileSync(keyPath), certificatePath)
  if (key.asymmetricKeyType !== 'rsa') throw unusable(`${keyPath} is no RSA key`)
  if (!leaf.checkPrivateKey(key)) throw unusable(`${keyPath} is not the key of ${certificatePath}`)
  if (leaf.checkHost(domain) === undefined)
    throw unusable(`${certificatePath} was not issued for ${domain}`)
  return {
    domain,
    certificate,
    sign: (body) => sign('sha256', Buffer.from(body), key).toString('base64'),
  }
}

function opened(certificate: string, key: Buffer, path: string) {
  try {
    return { leaf: new X509Certificate(certificate), key: createPrivateKey(key) }
  } catch (cause) {
    throw new Refusal('KEYS_UNAVAILABLE', `${path} or its key can not be read as PEM.`, { cause })
  }
}

function unusable(why: string): Refusal {
  return new Refusal('KEYS_UNAVAILABLE', `${why}.`)
}
