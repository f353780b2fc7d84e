import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  masterKeyText,
  matching,
  oneOf,
  postgresUrl,
  webOrigin,
  wholeNumber,
} from './config-values.ts'

/** Where the master key comes from. `create`: read the file, or make it on the first start (development only). */
export type MasterKeySource =
  | { readonly kind: 'value'; readonly base64: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'create'; readonly path: string }

export type Mode = 'development' | 'production'
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface Config {
  readonly mode: Mode
  readonly host: string
  readonly port: number
  /** Origin under which clients reach the gateway, without a path; null: only the address it listens on. */
  readonly publicUrl: string | null
  /** Origins of web pages that may call it from a browser. */
  readonly allowedOrigins: readonly string[]
  readonly requestTimeoutMs: number
  /** Null: the embedded server in the data folder. */
  readonly databaseUrl: string | null
  readonly databasePool: number
  readonly dataDir: string
  readonly policyDir: string
  readonly masterKey: MasterKeySource
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

interface Variable<T> {
  readonly name: string
  readonly meaning: string
  readonly example: string
  /** As `bauta config` shows it where nothing is set. */
  readonly otherwise: string
  readonly secret?: true
  /** @param text trimmed, never empty. Throws an Error that says what is wrong. */
  readonly read: (text: string) => T
}

/** The folder that holds package.json: one above src, or two above dist/src. */
const packageDir = (() => {
  const above = resolve(dirname(fileURLToPath(import.meta.url)), '..')
  return existsSync(join(above, 'package.json')) ? above : dirname(above)
})()

/** Where the development pages' files are. */
export const pagesDir = join(packageDir, 'pages')

/** Every variable that Bauta reads, and nothing else: `readConfig` validates by it and `bauta config` prints it. */
const variables = {
  mode: variable({
    name: 'BAUTA_MODE',
    meaning: 'development or production; NODE_ENV counts where this is not set',
    example: 'production',
    otherwise: 'development',
    read: oneOf(['development', 'production'] as const),
  }),
  host: variable({
    name: 'HOST',
    meaning: 'address to listen on',
    example: '0.0.0.0',
    otherwise: '127.0.0.1',
    read: matching(/^[A-Za-z0-9.:_-]{1,255}$/, 'must be a host name or an IP address'),
  }),
  port: variable({
    name: 'PORT',
    meaning: 'TCP port to listen on; 0 takes any free one',
    example: '4000',
    otherwise: '4000',
    read: wholeNumber(0, 65_535),
  }),
  publicUrl: variable({
    name: 'BAUTA_PUBLIC_URL',
    meaning: 'origin under which clients reach the gateway; also the issuer of its tokens',
    example: 'https://gateway.example.com',
    otherwise: 'only the address it listens on',
    read: webOrigin,
  }),
  allowedOrigins: variable({
    name: 'BAUTA_ALLOWED_ORIGINS',
    meaning: 'origins of web pages that may call the gateway, separated by commas',
    example: 'https://shop.example.com,https://www.example.com',
    otherwise: 'none',
    read: (text) => text.split(',').map((origin) => webOrigin(origin.trim())),
  }),
  requestTimeoutMs: variable({
    name: 'BAUTA_REQUEST_TIMEOUT_MS',
    meaning: 'longest time one request may take, in milliseconds',
    example: '15000',
    otherwise: '15000',
    read: wholeNumber(100, 600_000),
  }),
  databaseUrl: variable({
    name: 'DATABASE_URL',
    meaning:
      'PostgreSQL 15 to 18; without it an embedded server keeps its files in the data folder',
    example: 'postgres://bauta:password@localhost:5432/bauta',
    otherwise: 'embedded',
    secret: true,
    read: postgresUrl,
  }),
  databasePool: variable({
    name: 'BAUTA_DB_POOL',
    meaning: 'connections to PostgreSQL (the embedded server always has one)',
    example: '10',
    otherwise: '10',
    read: wholeNumber(1, 200),
  }),
  dataDir: variable({
    name: 'BAUTA_DATA_DIR',
    meaning: 'folder of keys, embedded database and audit journal',
    example: '/var/lib/bauta',
    otherwise: '.bauta',
    read: (text) => resolve(text),
  }),
  policyDir: variable({
    name: 'BAUTA_POLICY_DIR',
    meaning: 'folder of the policy tables',
    example: '/etc/bauta/policy',
    otherwise: 'the tables of this package',
    read: (text) => resolve(text),
  }),
  masterKey: variable({
    name: 'BAUTA_MASTER_KEY',
    meaning: 'key over all other keys: 32 bytes in base64; required in production (or its file)',
    example: 'the output of: openssl rand -base64 32',
    otherwise: 'in development created once in the data folder',
    secret: true,
    read: masterKeyText,
  }),
  masterKeyFile: variable({
    name: 'BAUTA_MASTER_KEY_FILE',
    meaning: 'file that holds the master key, instead of BAUTA_MASTER_KEY',
    example: '/run/secrets/bauta-master-key',
    otherwise: 'not used',
    read: (text) => resolve(text),
  }),
  logLevel: variable({
    name: 'BAUTA_LOG_LEVEL',
    meaning: `one of ${logLevels.join(', ')}`,
    example: 'info',
    otherwise: 'info',
    read: oneOf(logLevels),
  }),
  demo: variable({
    name: 'BAUTA_DEMO',
    meaning: 'on: demo people and demo tokens on the first start; refused in production',
    example: 'off',
    otherwise: 'on in development, off in production',
    read: (text) => oneOf(['on', 'off'] as const)(text) === 'on',
  }),
  evaluationData: variable({
    name: 'BAUTA_EVAL_DATA',
    meaning: 'folder that relative paths of `bauta evaluate` start from',
    example: '/srv/evaluation',
    otherwise: 'the working directory',
    read: (text) => resolve(text),
  }),
}

/**
 * Settings from the environment, validated and frozen.
 * @throws ConfigError on a value that can't be used, an unknown variable that begins with BAUTA_, a missing master key in production.
 */
export function readConfig(env: Environment): Config {
  refuseUnknown(env)
  const mode =
    value(env, variables.mode) ?? (env.NODE_ENV === 'production' ? 'production' : 'development')
  const demo = value(env, variables.demo)
  if (mode === 'production' && demo)
    throw new ConfigError(
      'BAUTA_DEMO can not be on in production: demo tokens open the gateway to everybody.',
    )
  const dataDir = value(env, variables.dataDir) ?? resolve('.bauta')
  return Object.freeze({
    mode,
    host: value(env, variables.host) ?? '127.0.0.1',
    port: value(env, variables.port) ?? 4000,
    publicUrl: value(env, variables.publicUrl),
    allowedOrigins: Object.freeze(value(env, variables.allowedOrigins) ?? []),
    requestTimeoutMs: value(env, variables.requestTimeoutMs) ?? 15_000,
    databaseUrl: value(env, variables.databaseUrl),
    databasePool: value(env, variables.databasePool) ?? 10,
    dataDir,
    policyDir: value(env, variables.policyDir) ?? join(packageDir, 'policy'),
    masterKey: Object.freeze(masterKeySource(env, mode, dataDir)),
    logLevel: value(env, variables.logLevel) ?? 'info',
    demo: demo ?? mode === 'development',
    evaluationData: value(env, variables.evaluationData),
  })
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
  if (base64 && path)
    throw new ConfigError(
      'BAUTA_MASTER_KEY and BAUTA_MASTER_KEY_FILE are both set; set one of them.',
    )
  if (base64) return { kind: 'value', base64 }
  if (path) return { kind: 'file', path }
  if (mode === 'production')
    throw new ConfigError(
      `BAUTA_MASTER_KEY is required in production (or BAUTA_MASTER_KEY_FILE). Example: ${variables.masterKey.example}`,
    )
  return { kind: 'create', path: join(dataDir, 'keys', 'master.key') }
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

function variable<T>(one: Variable<T>): Variable<T> {
  return one
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
