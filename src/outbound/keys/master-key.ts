import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { createDurably } from './durable-file.ts'
import { INSTALLATION_FILE } from './installation.ts'

const MASTER_KEY_BYTES = 32

/** Where the master key comes from. `create`: read the file, or make it where no keys exist yet. */
export type MasterKeyOrigin =
  | { readonly kind: 'value'; readonly base64: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'create'; readonly path: string }

/**
 * The key over all other keys: 32 bytes.
 * @throws Refusal KEYS_UNAVAILABLE when its file is missing or does not hold 32 bytes in base64. A new one is never made
 * beside existing keys: it could not open them.
 */
export async function openMasterKey(
  origin: MasterKeyOrigin,
  randomness: Randomness,
): Promise<Uint8Array> {
  if (origin.kind === 'value') return decode(origin.base64, 'BAUTA_MASTER_KEY')
  if (origin.kind === 'create') await createOnce(origin.path, randomness)
  let text: string
  try {
    text = readFileSync(origin.path, 'utf8')
  } catch (cause) {
    throw new Refusal('KEYS_UNAVAILABLE', `The master key can not be read from ${origin.path}.`, {
      cause,
    })
  }
  return decode(text.trim(), origin.path)
}

async function createOnce(path: string, randomness: Randomness): Promise<void> {
  if (existsSync(path)) return
  if (existsSync(join(dirname(path), INSTALLATION_FILE)))
    throw new Refusal(
      'KEYS_UNAVAILABLE',
      `The master key ${path} is missing, but keys made under it exist; restore it from its backup.`,
    )
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const key = Buffer.from(randomness.bytes(MASTER_KEY_BYTES)).toString('base64')
  await createDurably(path, Buffer.from(`${key}\n`))
}

function decode(base64: string, place: string): Uint8Array {
  const key = Buffer.from(base64, 'base64')
  if (key.length !== MASTER_KEY_BYTES)
    throw new Refusal('KEYS_UNAVAILABLE', `${place} does not hold 32 bytes in base64.`)
  return key
}
