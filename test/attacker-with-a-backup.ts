import { createDecipheriv } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { deriveKey } from '../src/domain/privacy/pseudonym.ts'
import { HEADER, RECORD } from '../src/outbound/keys/subject-log.ts'

/** What somebody has got hold of. */
export interface Loot {
  readonly masters: readonly Uint8Array[]
  /** Key folders, whole or in parts. */
  readonly keys: readonly string[]
  /** Folders of databases. */
  readonly databases: readonly string[]
  /** What keys are derived for from the installation secret; they stand in the sources. */
  readonly uses: Iterable<string>
}

const NONCE = 12
const TAG = 16
const KEY = 32
/** In a record: subject and number of the wrapping key come before what is sealed. */
const SEALED_AT = 20

const KINDS = [
  'bauta/wrap-installation/v1',
  'bauta/wrap-wrapping/v1',
  'bauta/wrap-subject/v1',
  'bauta/wrap-day/v1',
]

/**
 * Which of these words come out when every key that can be had, by whatever way, is tried on everything that looks sealed.
 * Tags and contexts are not asked about: AES-GCM without them is counter mode, which gives bytes for any key, and the words
 * show whether it was the right one.
 */
export async function recovered(loot: Loot, words: readonly string[]): Promise<readonly string[]> {
  const keys = keysIn(loot)
  const found = new Set<string>()
  const search = (bytes: Buffer) => {
    for (const word of words) if (bytes.includes(word)) found.add(word)
  }
  for (const folder of loot.databases)
    for (const value of await valuesIn(folder)) {
      search(value)
      for (const key of keys) search(decrypted(key, value))
    }
  return words.filter((word) => found.has(word))
}

/** Every key, and whatever might be one. */
function keysIn({ masters, keys: folders, uses }: Loot): readonly Buffer[] {
  const over = masters.flatMap((master) => [
    Buffer.from(master),
    ...KINDS.map((kind) => deriveKey(master, [kind])),
  ])
  const under = (sealed: Buffer) => over.map((key) => decrypted(key, sealed).subarray(-KEY))
  const secrets = folders.flatMap(installationSecrets).flatMap(under)
  const derived = secrets.flatMap((secret) =>
    [...uses].map((use) => deriveKey(secret, ['bauta/installation-key/v1', use])),
  )
  const files = folders.flatMap((folder) =>
    ['wrapping', 'days'].flatMap((of) => filesIn(folder, of)),
  )
  const held = [...over, ...secrets, ...derived, ...files.flatMap(under)]
  const dataKeys = folders
    .flatMap(recordsIn)
    .flatMap((record) => held.map((key) => decrypted(key, record).subarray(0, KEY)))
  const all = [...held, ...dataKeys].filter(({ length }) => length === KEY)
  return [...new Map(all.map((key) => [key.toString('hex'), key])).values()]
}

function installationSecrets(folder: string): Buffer[] {
  const path = join(folder, 'installation.json')
  if (!existsSync(path)) return []
  const { secret, previous } = JSON.parse(readFileSync(path, 'utf8'))
  return [secret, previous].flatMap((sealed) => (sealed ? [Buffer.from(sealed, 'base64')] : []))
}

function filesIn(folder: string, name: string): Buffer[] {
  const path = join(folder, name)
  return existsSync(path) ? readdirSync(path).map((file) => readFileSync(join(path, file))) : []
}

/** What is sealed in each record, also in those that later ones have taken the place of. */
function recordsIn(folder: string): Buffer[] {
  const path = join(folder, 'subjects.log')
  const log = existsSync(path) ? readFileSync(path).subarray(HEADER) : Buffer.alloc(0)
  const count = Math.floor(log.length / RECORD)
  return Array.from({ length: count }, (_, at) =>
    log.subarray(at * RECORD + SEALED_AT, (at + 1) * RECORD),
  )
}

/** All bytes and texts of all tables; what stands in JSON in base64 also as the bytes that it means. */
async function valuesIn(folder: string): Promise<readonly Buffer[]> {
  const server = await PGlite.create(folder)
  try {
    const { rows } = await server.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    )
    const values: Buffer[] = []
    for (const { name } of rows)
      for (const row of (await server.query(`SELECT * FROM "${name}"`)).rows)
        values.push(...bytesIn(row))
    return values
  } finally {
    await server.close()
  }
}

function bytesIn(value: unknown): Buffer[] {
  if (value instanceof Uint8Array) return [Buffer.from(value)]
  if (typeof value === 'string') return [Buffer.from(value), Buffer.from(value, 'base64')]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(bytesIn)
}

function decrypted(key: Uint8Array, sealed: Buffer): Buffer {
  if (sealed.length <= NONCE + TAG) return Buffer.alloc(0)
  // The counter of GCM begins at 1 with the block of the tag (NIST SP 800-38D, section 7.1).
  const counter = Buffer.concat([sealed.subarray(0, NONCE), Buffer.from([0, 0, 0, 2])])
  return createDecipheriv('aes-256-ctr', key, counter).update(sealed.subarray(NONCE, -TAG))
}
