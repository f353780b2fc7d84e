import { exec } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { createDurably } from './durable-file.ts'
import { INSTALLATION_FILE } from './installation.ts'

const MASTER_KEY_BYTES = 32
const HEX = /^[0-9a-f]{64}$/i

/** A key service that does not answer by then is not there. */
const COMMAND_TIMEOUT_MS = 10_000

/** Where the master key comes from. `command`: of a shell, what it prints. `create`: read the file, or make it where no keys exist yet. */
export type MasterKeyOrigin =
  | { readonly kind: 'value'; readonly base64: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'create'; readonly path: string }

/**
 * The key over all other keys: 32 bytes.
 * @throws Refusal KEYS_UNAVAILABLE when its file is missing, its command fails, or either gives something else than 32 bytes
 * in base64 or hex. A new one is never made beside existing keys: it could not open them.
 */
export async function openMasterKey(
  origin: MasterKeyOrigin,
  randomness: Randomness,
): Promise<Uint8Array> {
  if (origin.kind === 'value') return decode(origin.base64, 'BAUTA_MASTER_KEY')
  if (origin.kind === 'command')
    return decode(await printedBy(origin.command), 'The output of the command')
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

/** Nothing of what it prints, and no cause that could hold it, goes into an error. */
async function printedBy(command: string): Promise<string> {
  const limits = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: 4_096 }
  return await new Promise((resolve, reject) => {
    exec(command, limits, (error, stdout) => {
      if (error === null) return resolve(stdout.trim())
      const why = error.killed
        ? 'took too long or printed too much'
        : `ended with ${error.code ?? error.signal}`
      reject(new Refusal('KEYS_UNAVAILABLE', `The command for the master key ${why}.`))
    })
  })
}

function decode(text: string, place: string): Uint8Array {
  const key = Buffer.from(text, HEX.test(text) ? 'hex' : 'base64')
  if (key.length !== MASTER_KEY_BYTES)
    throw new Refusal('KEYS_UNAVAILABLE', `${place} does not hold 32 bytes in base64 or hex.`)
  return key
}
