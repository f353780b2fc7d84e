import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LogLevel, type Variable, variables } from './config-variables.ts'
import type { VerifierKey } from './domain/audit/signed-note.ts'

/** Where the master key comes from. `create`: read the file, or make it on the first start (development only). */
export type MasterKeySource =
  | { readonly kind: 'value'; readonly base64: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'create'; readonly path: string }

export type Mode = 'development' | 'production'
export interface Config {
  readonly mode: Mode
  readonly host: string
  readonly port: number
  /** Origin under which clients reach the gateway, without a path; null: only the address it listens on. */
  readonly publicUrl: string | null
  /** Origins of web pages that may call it from a browser. */
  readonly allowedOrigins: readonly string[]
  /** File of the identity providers whose tokens are taken; null: nobody's. */
  readonly identityProviders: string | null
  readonly requestTimeoutMs: number
  /** Null: the embedded server in the data folder. */
  readonly databaseUrl: string | null
  readonly databasePool: number
  /** Null: what happens here is told to nobody. */
  readonly redisUrl: string | null
  /** What the PostgreSQL database may grow to; null: not known, then no reserve is kept there. */
  readonly databaseQuotaMb: number | null
  /** Disk that is kept for withdrawals, revocations and exports. */
  readonly diskReserveMb: number
  /** 0: never. */
  readonly stallSeconds: number
  /** For how long backups are kept, as certificates of erasures say. */
  readonly backupDays: number
  /** Days after an erasure within which tables are written anew; 0: only by hand. */
  readonly rewriteAfterDays: number
  /** Refusals of one client in a UTC day that are entries on the trail. */
  readonly denialsPerDay: number
  /** What a client may spend within a minute, unless it is registered with other budgets. */
  readonly perMinute: { readonly requests: number; readonly cost: number }
  readonly dataDir: string
  readonly policyDir: string
  readonly masterKey: MasterKeySource
  /** How long copies of wrapping keys are kept outside. */
  readonly keyBackupDays: number
  readonly pseudonymOverlapDays: number
  /** Name of the audit log; null: none was chosen. */
  readonly auditOrigin: string | null
  /** Whose signatures beside the log's are taken; null: nobody's. */
  readonly auditWitnessKey: VerifierKey | null
  readonly auditArchiveDays: number
  /** Null: the trail is not sent on. */
  readonly auditSink: URL | null
  readonly auditSinkFormat: 'ndjson' | 'ocsf'
  readonly logLevel: LogLevel
  /** Demo people and demo tokens on the first start. Never in production. */
  readonly demo: boolean
  /** Base folder of relative paths given to `bauta evaluate`; null: the working directory. */
  readonly evaluationData: string | null
}

/** A setting that can't be used. The message names the variable, what is wrong and an example; never a secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type Environment = Readonly<Record<string, string | undefined>>

/** The folder that holds package.json: one above src, or two above dist/src. */
const packageDir = (() => {
  const above = resolve(dirname(fileURLToPath(import.meta.url)), '..')
  return existsSync(join(above, 'package.json')) ? above : dirname(above)
})()

/** Where the development pages' files are. */
export const pagesDir = join(packageDir, 'pages')

/** Where the verifiers are that travel with every export of the trail. */
export const verifyDir = join(packageDir, 'verify')

/**
 * Settings from the environment, validated and frozen.
 * @throws ConfigError on a value that can't be used, an unknown variable that begins with BAUTA_, a missing master key in production.
 */
/** Who signs the tokens of this gateway, and where clients find it: its public URL, or else the address it listens on. */
export function issuerOf({
  publicUrl,
  host,
  port,
}: Pick<Config, 'publicUrl' | 'host' | 'port'>): string {
  return publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

export function readConfig(env: Environment): Config {
  refuseUnknown(env)
  const mode = modeOf(env)
  const demo = value(env, variables.demo)
  refuseContradictions(env, mode)
  const dataDir = value(env, variables.dataDir) ?? resolve('.bauta')
  const databaseUrl = value(env, variables.databaseUrl)
  return Object.freeze({
    mode,
    host: value(env, variables.host) ?? '127.0.0.1',
    port: value(env, variables.port) ?? 4000,
    publicUrl: value(env, variables.publicUrl),
    allowedOrigins: Object.freeze(value(env, variables.allowedOrigins) ?? []),
    identityProviders: value(env, variables.identityProviders),
    ...limitsOf(env, databaseUrl),
    databaseUrl,
    databasePool: value(env, variables.databasePool) ?? 10,
    redisUrl: value(env, variables.redisUrl),
    databaseQuotaMb: value(env, variables.databaseQuotaMb),
    dataDir,
    policyDir: value(env, variables.policyDir) ?? join(packageDir, 'policy'),
    masterKey: Object.freeze(masterKeySource(env, mode, dataDir)),
    ...backupPeriods(env),
    pseudonymOverlapDays: value(env, variables.pseudonymOverlapDays) ?? 30,
    auditOrigin: value(env, variables.auditOrigin),
    auditWitnessKey: value(env, variables.auditWitnessKey),
    auditArchiveDays: value(env, variables.auditArchiveDays) ?? 30,
    auditSink: value(env, variables.auditSink),
    auditSinkFormat: value(env, variables.auditSinkFormat) ?? 'ndjson',
    logLevel: value(env, variables.logLevel) ?? 'info',
    demo: demo ?? mode === 'development',
    evaluationData: value(env, variables.evaluationData),
  })
}

/** How long, how often and how much at most. */
function limitsOf(env: Environment, databaseUrl: string | null) {
  return {
    requestTimeoutMs: value(env, variables.requestTimeoutMs) ?? 15_000,
    diskReserveMb: value(env, variables.diskReserveMb) ?? 200,
    stallSeconds: value(env, variables.stallSeconds) ?? 300,
    rewriteAfterDays: value(env, variables.rewriteAfterDays) ?? (databaseUrl === null ? 1 : 0),
    denialsPerDay: value(env, variables.denialsPerDay) ?? 1_000,
    perMinute: Object.freeze({
      requests: value(env, variables.requestsPerMinute) ?? 6_000,
      cost: value(env, variables.costPerMinute) ?? 2_000_000,
    }),
  }
}

function modeOf(env: Environment): Config['mode'] {
  const otherwise = env.NODE_ENV === 'production' ? 'production' : 'development'
  return value(env, variables.mode) ?? otherwise
}

/** One line of `bauta config`. Secrets appear as `set` or `not set`. */
export interface ConfigLine {
  readonly name: string
  readonly value: string
  readonly meaning: string
  readonly example: string
}

/** Every variable with what is set; does not validate, so it helps where `readConfig` refuses. */
export function describeConfig(env: Environment): readonly ConfigLine[] {
  return Object.values(variables).map(({ name, meaning, example, otherwise, secret }) => {
    const text = env[name]?.trim()
    const shown = secret ? 'set' : text
    return {
      name,
      meaning,
      example,
      value: text ? (shown ?? '') : secret ? `not set (${otherwise})` : `${otherwise} (default)`,
    }
  })
}

/** What `bauta config` shows: every setting, and what `serve` would refuse to start with, or null. */
export function reportConfig(env: Environment): {
  readonly settings: readonly ConfigLine[]
  readonly complaint: string | null
} {
  const settings = describeConfig(env)
  try {
    readConfig(env)
    return { settings, complaint: null }
  } catch (error) {
    if (error instanceof ConfigError) return { settings, complaint: error.message }
    throw error
  }
}

function masterKeySource(env: Environment, mode: Mode, dataDir: string): MasterKeySource {
  const base64 = value(env, variables.masterKey)
  const path = value(env, variables.masterKeyFile)
  const command = value(env, variables.masterKeyCommand)
  const given: MasterKeySource[] = [
    ...(base64 ? [{ kind: 'value', base64 } as const] : []),
    ...(path ? [{ kind: 'file', path } as const] : []),
    ...(command ? [{ kind: 'command', command } as const] : []),
  ]
  if (given.length > 1)
    throw new ConfigError(
      'Of BAUTA_MASTER_KEY, BAUTA_MASTER_KEY_FILE and BAUTA_MASTER_KEY_COMMAND several are set; set one of them.',
    )
  if (given[0]) return given[0]
  if (mode === 'production')
    throw new ConfigError(
      `BAUTA_MASTER_KEY is required in production (or BAUTA_MASTER_KEY_FILE, BAUTA_MASTER_KEY_COMMAND). Example: ${variables.masterKey.example}`,
    )
  return { kind: 'create', path: join(dataDir, 'keys', 'master.key') }
}

/** As long as most backups are kept. */
const BACKUP_DAYS = 30

/**
 * Backups of the database may be kept for long, copies of wrapping keys never longer: certificates of erasures say of all
 * backups, of keys as well, that they are gone after `BAUTA_BACKUP_DAYS`.
 */
function backupPeriods(env: Environment): Pick<Config, 'backupDays' | 'keyBackupDays'> {
  const backupDays = value(env, variables.backupDays) ?? BACKUP_DAYS
  // Where nothing is backed up wrapping keys rotate daily.
  const longest = Math.max(1, backupDays)
  const keyBackupDays = value(env, variables.keyBackupDays) ?? Math.min(BACKUP_DAYS, longest)
  if (keyBackupDays > longest)
    throw new ConfigError(
      `BAUTA_KEY_BACKUP_DAYS is more than BAUTA_BACKUP_DAYS (${backupDays}), but certificates of erasures promise that no backup is older. Example: ${variables.keyBackupDays.name}=${longest}`,
    )
  return { backupDays, keyBackupDays }
}

function refuseContradictions(env: Environment, mode: Mode): void {
  if (mode === 'production' && value(env, variables.demo))
    throw new ConfigError(
      'BAUTA_DEMO can not be on in production: demo tokens open the gateway to everybody.',
    )
  if (value(env, variables.databaseQuotaMb) !== null && value(env, variables.databaseUrl) === null)
    throw new ConfigError(
      'BAUTA_DATABASE_QUOTA_MB is for PostgreSQL (DATABASE_URL); the disk of the embedded server is looked at.',
    )
}

// A mistyped name would otherwise mean that a setting silently does not hold.
function refuseUnknown(env: Environment): void {
  const known = new Set<string>(Object.values(variables).map(({ name }) => name))
  for (const name of Object.keys(env))
    if (name.startsWith('BAUTA_') && !name.startsWith('BAUTA_TEST_') && !known.has(name))
      throw new ConfigError(
        `${name} is not a variable of Bauta; \`bauta config\` lists those it reads.`,
      )
}

function value<T>(env: Environment, { name, example, read }: Variable<T>): T | null {
  const text = env[name]?.trim()
  if (!text) return null
  try {
    return read(text)
  } catch (cause) {
    throw new ConfigError(`${name} ${(cause as Error).message}. Example: ${name}=${example}`)
  }
}
