import { createHmac, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deriveKey } from '../../domain/privacy/pseudonym.ts'
import { seal, open as unseal } from '../../domain/privacy/seal.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { createDurably } from './durable-file.ts'

export const INSTALLATION_FILE = 'installation.json'
const FORMAT = 'bauta/installation/v1'
const SECRET_BYTES = 32

interface InstallationFile {
  readonly format: string
  /** Tells a wrong master key from a damaged file. */
  readonly check: string
  /** The installation secret, sealed under the master key; base64. */
  readonly secret: string
}

/**
 * The random secret that all long-lived keys of this installation are derived from.
 * @throws Refusal KEYS_UNAVAILABLE: wrong master key, damaged file, or missing where `mayCreate` is false.
 */
export async function openInstallation(
  dir: string,
  master: Uint8Array,
  randomness: Randomness,
  mayCreate: boolean,
): Promise<Uint8Array> {
  const path = join(dir, INSTALLATION_FILE)
  if (!existsSync(path)) {
    if (!mayCreate)
      throw new Refusal(
        'KEYS_UNAVAILABLE',
        `${path} is missing, but data sealed with its keys exists; restore the key folder from its backup.`,
      )
    await createDurably(path, newInstallation(master, randomness))
  }
  const file = read(path)
  const check = Buffer.from(file.check, 'base64')
  const expected = checkOf(master)
  if (check.length !== expected.length || !timingSafeEqual(check, expected))
    throw new Refusal(
      'KEYS_UNAVAILABLE',
      `This master key is not the one that ${path} was made with.`,
    )
  try {
    return unseal(wrappingKey(master), [FORMAT], Buffer.from(file.secret, 'base64'))
  } catch (cause) {
    throw new Refusal('KEYS_UNAVAILABLE', `${path} is damaged; restore it from its backup.`, {
      cause,
    })
  }
}

function newInstallation(master: Uint8Array, randomness: Randomness): Buffer {
  const secret = seal(wrappingKey(master), [FORMAT], randomness.bytes(SECRET_BYTES), randomness)
  const file: InstallationFile = {
    format: FORMAT,
    check: checkOf(master).toString('base64'),
    secret: secret.toString('base64'),
  }
  return Buffer.from(`${JSON.stringify(file)}\n`)
}

function read(path: string): InstallationFile {
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as Partial<InstallationFile>
    if (file.format === FORMAT && typeof file.check === 'string' && typeof file.secret === 'string')
      return file as InstallationFile
    throw new Error('not an installation file of this version')
  } catch (cause) {
    throw new Refusal('KEYS_UNAVAILABLE', `${path} can not be read; restore it from its backup.`, {
      cause,
    })
  }
}

function wrappingKey(master: Uint8Array): Buffer {
  return deriveKey(master, ['bauta/wrap-installation/v1'])
}

function checkOf(master: Uint8Array): Buffer {
  return createHmac('sha256', deriveKey(master, ['bauta/master-key-check/v1']))
    .update(FORMAT)
    .digest()
    .subarray(0, 16)
}
