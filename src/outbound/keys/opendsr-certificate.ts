import { createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallbackSigner } from '../../domain/delivery/callback-signer.ts'
import { open, seal } from '../../domain/privacy/seal.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { replaceDurably, syncFolder } from './durable-file.ts'
import { FolderLock } from './folder-lock.ts'

export const OPENDSR_CERTIFICATE = 'opendsr.pem'
/** As the operator brings it. */
export const OPENDSR_KEY = 'opendsr.key'
/** As it is kept. */
export const OPENDSR_SEALED_KEY = 'opendsr.key.sealed'
const SEAL = ['bauta/opendsr-key/v1']
/** FIPS 186-4, section 5.1. */
const LEAST_BITS = 2_048

export interface CallbackSignerOptions {
  /** The key folder. */
  readonly dir: string
  /** Under which requests are taken. */
  readonly domain: string
  /** A key of this installation: what seals the file, so that it opens with the master key alone. */
  readonly sealingKey: Uint8Array
  readonly randomness: Randomness
}

/**
 * The certificate that an authority has issued for this domain, and its key. The operator puts both into the key folder;
 * once the key is known to belong to the certificate, it is sealed, and the file in clear removed. A new pair is brought
 * the same way. Null where neither is there.
 * @throws Refusal KEYS_UNAVAILABLE where they do not belong together, or are of no use: half of it is worse than none.
 * What was brought is then left as it is.
 */
export async function openCallbackSigner(
  options: CallbackSignerOptions,
): Promise<CallbackSigner | null> {
  const { dir, domain, sealingKey, randomness } = options
  const [certificatePath, keyPath, sealedPath] = [
    join(dir, OPENDSR_CERTIFICATE),
    join(dir, OPENDSR_KEY),
    join(dir, OPENDSR_SEALED_KEY),
  ] as const
  const hasKey = () => existsSync(keyPath) || existsSync(sealedPath)
  if (!existsSync(certificatePath) && !hasKey()) return null
  // Of two gateways that start together one seals the key, and the other finds it sealed.
  return await new FolderLock(join(dir, 'opendsr.lock')).hold(async () => {
    if (!existsSync(certificatePath) || !hasKey())
      throw unusable(`${certificatePath} and ${keyPath} belong together; one of them is missing`)
    const certificate = readFileSync(certificatePath, 'utf8')
    const leaf = leafOf(certificate, certificatePath)
    if (leaf.checkHost(domain) === undefined)
      throw unusable(`${certificatePath} was not issued for ${domain}`)
    const brought = existsSync(keyPath) ? readFileSync(keyPath) : null
    const key =
      brought === null
        ? keyOf(leaf, unsealed(sealedPath, sealingKey), sealedPath)
        : keyOf(leaf, brought, keyPath)
    if (brought !== null) {
      await replaceDurably(sealedPath, seal(sealingKey, SEAL, brought, randomness))
      await rm(keyPath)
      await syncFolder(dir)
    }
    return {
      domain,
      certificate,
      sign: (body: string) => sign('sha256', Buffer.from(body), key).toString('base64'),
    }
  })
}

function leafOf(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new Refusal('KEYS_UNAVAILABLE', `${path} can not be read as PEM.`, { cause })
  }
}

/** The key in this file, if it is the certificate's and strong enough. */
function keyOf(leaf: X509Certificate, pem: Buffer, path: string): KeyObject {
  const key = parsed(pem, path)
  if (key.asymmetricKeyType !== 'rsa') throw unusable(`${path} is no RSA key`)
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_BITS)
    throw unusable(`${path} has fewer than ${LEAST_BITS} bits`)
  if (!leaf.checkPrivateKey(key)) throw unusable(`${path} is not the key of the certificate`)
  return key
}

function parsed(pem: Buffer, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new Refusal('KEYS_UNAVAILABLE', `${path} can not be read as PEM.`, { cause })
  }
}

function unsealed(path: string, sealingKey: Uint8Array): Buffer {
  try {
    return open(sealingKey, SEAL, readFileSync(path))
  } catch (cause) {
    const message = `${path} is damaged or was sealed by another installation; bring the key again.`
    throw new Refusal('KEYS_UNAVAILABLE', message, { cause })
  }
}

function unusable(why: string): Refusal {
  return new Refusal('KEYS_UNAVAILABLE', `${why}.`)
}
