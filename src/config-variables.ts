import { resolve } from 'node:path'
import {
  masterKeyText,
  matching,
  oneOf,
  postgresUrl,
  redisUrl,
  sinkUrl,
  verifierKeyText,
  webOrigin,
  wholeNumber,
} from './config-values.ts'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface Variable<T> {
  readonly name: string
  readonly meaning: string
  readonly example: string
  /** As `bauta config` shows it where nothing is set. */
  readonly otherwise: string
  readonly secret?: true
  /** @param text trimmed, never empty. Throws an Error that says what is wrong. */
  readonly read: (text: string) => T
}

/** Every variable that Bauta reads, and nothing else: `readConfig` validates by it and `bauta config` prints it. */
export const variables = {
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
    meaning:
      'origins of web pages that may call the gateway in the name of any client, separated by commas',
    example: 'https://shop.example.com,https://www.example.com',
    otherwise: 'none',
    read: (text) => text.split(',').map((origin) => webOrigin(origin.trim())),
  }),
  requestTimeoutMs: variable({
    name: 'BAUTA_REQUEST_TIMEOUT_MS',
    meaning: 'longest time one request may take, its arrival included, in milliseconds',
    example: '15000',
    otherwise: '15000',
    read: wholeNumber(100, 600_000),
  }),
  identityProviders: variable({
    name: 'BAUTA_IDENTITY_PROVIDERS',
    meaning: 'JSON file of the identity providers whose tokens are taken',
    example: '/etc/bauta/identity-providers.json',
    otherwise: 'none: only tokens and keys of its own',
    read: (text) => resolve(text),
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
  redisUrl: variable({
    name: 'REDIS_URL',
    meaning: 'Redis 6 or later, by which gateways on one database hear of changes at once',
    example: 'rediss://default:password@localhost:6379',
    otherwise: 'none: each gateway looks for itself, within a second',
    secret: true,
    read: redisUrl,
  }),
  databaseQuotaMb: variable({
    name: 'BAUTA_DATABASE_QUOTA_MB',
    meaning: 'what the PostgreSQL database may grow to, in MB; its disk can not be seen from here',
    example: '50000',
    otherwise: 'not known: no reserve is kept on PostgreSQL',
    read: wholeNumber(1, 1_000_000_000),
  }),
  diskReserveMb: variable({
    name: 'BAUTA_DISK_RESERVE_MB',
    meaning: 'MB kept for withdrawals, revocations and exports; warnings begin at five times that',
    example: '1000',
    otherwise: '200',
    read: wholeNumber(0, 1_000_000_000),
  }),
  stallSeconds: variable({
    name: 'BAUTA_STALL_SECONDS',
    meaning: 'seconds without any progress after which the process ends, to be restarted; 0: never',
    example: '60',
    otherwise: '300',
    read: wholeNumber(0, 86_400),
  }),
  backupDays: variable({
    name: 'BAUTA_BACKUP_DAYS',
    meaning:
      'days for which backups of the database and of the keys are kept; certificates of erasures say so',
    example: '30',
    otherwise: '30',
    read: wholeNumber(0, 3_650),
  }),
  rewriteAfterDays: variable({
    name: 'BAUTA_REWRITE_AFTER_DAYS',
    meaning:
      'days after an erasure within which a gateway writes the tables anew, while reads of them wait; 0: only "bauta erasures rewrite" does',
    example: '7',
    otherwise: '1 with the embedded server, 0 with PostgreSQL',
    read: wholeNumber(0, 365),
  }),
  denialsPerDay: variable({
    name: 'BAUTA_DENIALS_PER_DAY',
    meaning: 'refusals of one client in a UTC day that are entries on the trail; more are counted',
    example: '1000',
    otherwise: '1000',
    read: wholeNumber(1, 1_000_000),
  }),
  requestsPerMinute: variable({
    name: 'BAUTA_REQUESTS_PER_MINUTE',
    meaning:
      'GraphQL requests that a client may send within a minute, unless it is registered with other budgets',
    example: '6000',
    otherwise: '6000',
    read: wholeNumber(1, 1_000_000_000),
  }),
  costPerMinute: variable({
    name: 'BAUTA_COST_PER_MINUTE',
    meaning:
      'what the queries of a client may cost within a minute, unless it is registered with other budgets',
    example: '2000000',
    otherwise: '2000000',
    read: wholeNumber(1, 1_000_000_000),
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
  masterKeyCommand: variable({
    name: 'BAUTA_MASTER_KEY_COMMAND',
    meaning: 'command that prints the master key, asked once at the start: 32 bytes, base64 or hex',
    example: 'vault kv get -field=key secret/bauta',
    otherwise: 'not used',
    secret: true,
    read: (text) => text,
  }),
  keyBackupDays: variable({
    name: 'BAUTA_KEY_BACKUP_DAYS',
    meaning:
      'days that copies of wrapping keys are kept, at most BAUTA_BACKUP_DAYS: one is followed by another after as many',
    example: '30',
    otherwise: '30, or BAUTA_BACKUP_DAYS where that is less',
    read: wholeNumber(1, 3_650),
  }),
  pseudonymOverlapDays: variable({
    name: 'BAUTA_PSEUDONYM_OVERLAP_DAYS',
    meaning: 'days for which pseudonyms of the epoch before are accepted after a rotation',
    example: '30',
    otherwise: '30',
    read: wholeNumber(1, 3_650),
  }),
  auditOrigin: variable({
    name: 'BAUTA_AUDIT_ORIGIN',
    meaning: 'name of the audit log and of its key, fixed once the log has begun',
    example: 'gateway.example.com/audit',
    otherwise: 'host of BAUTA_PUBLIC_URL and /audit',
    read: matching(/^[^\s+\p{Cc}]{1,200}$/u, 'must be a name without blanks and plus signs'),
  }),
  auditWitnessKey: variable({
    name: 'BAUTA_AUDIT_WITNESS_KEY',
    meaning: 'public key of the witness who signs checkpoints beside the log, as a C2SP vkey',
    example: 'the output of: bauta audit witness keygen',
    otherwise: 'nobody witnesses',
    read: verifierKeyText,
  }),
  auditArchiveDays: variable({
    name: 'BAUTA_AUDIT_ARCHIVE_DAYS',
    meaning: 'age at which audit entries move to compressed bundles, in days',
    example: '30',
    otherwise: '30',
    read: wholeNumber(1, 36_500),
  }),
  auditSink: variable({
    name: 'BAUTA_AUDIT_SINK',
    meaning:
      'where every audit entry is sent on: syslog://host:port, syslog+tls://host:port or https://…',
    example: 'syslog+tls://siem.example.com:6514',
    otherwise: 'nowhere',
    secret: true,
    read: sinkUrl,
  }),
  auditSinkFormat: variable({
    name: 'BAUTA_AUDIT_SINK_FORMAT',
    meaning:
      'ndjson: entries as they are; ocsf: as events of the Open Cybersecurity Schema Framework',
    example: 'ocsf',
    otherwise: 'ndjson',
    read: oneOf(['ndjson', 'ocsf'] as const),
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

function variable<T>(one: Variable<T>): Variable<T> {
  return one
}
