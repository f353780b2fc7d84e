import { join } from 'node:path'
import { type Config, ConfigError } from './config.ts'
import type { RateBudget } from './domain/access/rate-budget.ts'
import { compileRetention, type RetentionRule } from './domain/audit/retention-rules.ts'
import type { StorageSpace } from './domain/audit/storage-space.ts'
import type { CallbackSigner } from './domain/delivery/callback-signer.ts'
import { type CountRule, compileCountRules } from './domain/privacy/count-rules.ts'
import { compileDataRetention, type DataRetention } from './domain/privacy/data-retention.ts'
import { compilePolicy, type Policy } from './domain/privacy/policy.ts'
import { checkTraitNames } from './gateway/disclose/trait-names.ts'
import type { Randomness } from './kernel/ids.ts'
import type { Clock } from './kernel/time.ts'
import { openRedis, spreadNews } from './news.ts'
import { FileCheckpointSigner } from './outbound/keys/file-checkpoint-signer.ts'
import { DAYS_FOLDER, FileDayKeys } from './outbound/keys/file-day-keys.ts'
import { FileKeyStore } from './outbound/keys/file-key-store.ts'
import { openMasterKey } from './outbound/keys/master-key.ts'
import { openCallbackSigner } from './outbound/keys/opendsr-certificate.ts'
import { PooledRandomness } from './outbound/keys/pooled-randomness.ts'
import { PostgresAuditArchive } from './outbound/postgres/audit-archive.ts'
import { AuditJournal } from './outbound/postgres/audit-journal.ts'
import { PostgresAuditLeaves } from './outbound/postgres/audit-leaves.ts'
import { PostgresAuditLog } from './outbound/postgres/audit-log.ts'
import { PostgresAuditStatistics } from './outbound/postgres/audit-statistics.ts'
import { PostgresAuditTree } from './outbound/postgres/audit-tree.ts'
import { PostgresChangeFeed } from './outbound/postgres/change-feed.ts'
import { PostgresClientStore } from './outbound/postgres/client-store.ts'
import { type OpenDatabase, openDatabase } from './outbound/postgres/connect.ts'
import { PostgresCountLedger } from './outbound/postgres/count-ledger.ts'
import { PostgresCountedSets } from './outbound/postgres/counted-sets.ts'
import { PostgresDeliveryQueue } from './outbound/postgres/delivery-queue.ts'
import { PostgresEndpointStore } from './outbound/postgres/endpoint-store.ts'
import { PostgresErasureRemains } from './outbound/postgres/erasure-remains.ts'
import { PostgresErasureStore } from './outbound/postgres/erasure-store.ts'
import { PostgresExpiredData } from './outbound/postgres/expired-data.ts'
import { PostgresIngestStore } from './outbound/postgres/ingest-store.ts'
import { PostgresMemberLists } from './outbound/postgres/member-lists.ts'
import { migrate } from './outbound/postgres/migrate.ts'
import { applyRenewals } from './outbound/postgres/notice-renewals.ts'
import { PostgresOutbox } from './outbound/postgres/outbox.ts'
import { PostgresPastPeople } from './outbound/postgres/past-people.ts'
import { PostgresPersonRecords } from './outbound/postgres/person-records.ts'
import { PostgresPolicyVersions } from './outbound/postgres/policy-version-store.ts'
import { ProfileRebuild } from './outbound/postgres/profile-rebuild.ts'
import { PostgresProfileStore } from './outbound/postgres/profile-store.ts'
import { PostgresRecipients } from './outbound/postgres/recipients.ts'
import { PostgresRecommendationStore } from './outbound/postgres/recommendation-store.ts'
import { PostgresSecurityCountStore } from './outbound/postgres/security-count-store.ts'
import { PostgresSegmentStore } from './outbound/postgres/segment-store.ts'
import { PostgresSinkPosition } from './outbound/postgres/sink-position.ts'
import { DatabaseQuota, FolderSpace } from './outbound/postgres/storage-space.ts'
import { PostgresSubjectRequestStore } from './outbound/postgres/subject-request-store.ts'
import { PostgresTrailSubjects } from './outbound/postgres/trail-subjects.ts'
import { PostgresTrailTimes } from './outbound/postgres/trail-times.ts'
import { PostgresTrustedDocumentStore } from './outbound/postgres/trusted-document-store.ts'
import { InProcessRateBudget } from './outbound/redis/in-process-rate-budget.ts'
import type { RedisLink } from './outbound/redis/redis-link.ts'
import { RedisRateBudget } from './outbound/redis/redis-rate-budget.ts'
import { readPolicyTables } from './policy-files.ts'

export const clock: Clock = { now: () => Date.now() }
export const randomness: Randomness = new PooledRandomness()

const MEGABYTE = 1024 * 1024

/** Everything behind the doors: connected, migrated and recovered. */
export interface Stores {
  readonly opened: OpenDatabase
  /** Migrations that this start has run. */
  readonly migrations: readonly string[]
  readonly space: StorageSpace
  readonly securityCounts: PostgresSecurityCountStore
  readonly policy: Policy
  /** Policies that held here, this one among them. */
  readonly policyVersions: PostgresPolicyVersions
  readonly pastPeople: PostgresPastPeople
  readonly keys: FileKeyStore
  readonly dayKeys: FileDayKeys
  readonly auditLog: PostgresAuditLog
  readonly leaves: PostgresAuditLeaves
  readonly auditStatistics: PostgresAuditStatistics
  readonly trailSubjects: PostgresTrailSubjects
  readonly trailTimes: PostgresTrailTimes
  readonly sinkPosition: PostgresSinkPosition
  readonly tree: PostgresAuditTree
  readonly archive: PostgresAuditArchive
  /** How long entries of each class are kept. */
  readonly retention: readonly RetentionRule[]
  /** How long data about people is kept. */
  readonly dataRetention: DataRetention
  readonly expiredData: PostgresExpiredData
  readonly checkpointSigner: FileCheckpointSigner
  readonly profiles: PostgresProfileStore
  readonly segments: PostgresSegmentStore
  readonly recommendations: PostgresRecommendationStore
  readonly clients: PostgresClientStore
  readonly trustedDocuments: PostgresTrustedDocumentStore
  readonly feed: PostgresChangeFeed
  readonly rebuild: ProfileRebuild
  readonly ingestStore: PostgresIngestStore
  readonly memberLists: PostgresMemberLists
  readonly countLedger: PostgresCountLedger
  readonly countedSets: PostgresCountedSets
  /** In which form each role is told counts of people. */
  readonly countRules: ReadonlyMap<string, CountRule>
  readonly outbox: PostgresOutbox
  readonly deliveryQueue: PostgresDeliveryQueue
  readonly endpoints: PostgresEndpointStore
  readonly erasures: PostgresErasureStore
  readonly recipients: PostgresRecipients
  readonly erasureRemains: PostgresErasureRemains
  readonly subjectRequests: PostgresSubjectRequestStore
  readonly personRecords: PostgresPersonRecords
  /** Null: no certificate is there. */
  readonly callbackSigner: CallbackSigner | null
  /** Null: news stay in this process. */
  readonly redis: RedisLink | null
  readonly rates: RateBudget
}

/** Told what is being done: one line each, nothing of a person. */
export type Say = (line: string) => void

/** Opens everything behind the doors: connected, migrated, recovered. @throws Refusal, PolicyError */
export async function openStores(
  config: Config,
  say: Say,
  onStatement?: (text: string) => void,
): Promise<Stores> {
  const tables = readPolicyTables(config.policyDir)
  const policy = compilePolicy(tables)
  const retention = compileRetention(tables.retention ?? [])
  const countRules = compileCountRules(tables.counts ?? [], policy.roles)
  const dataRetention = compileDataRetention(tables.dataRetention ?? [], policy.categories)
  checkTraitNames(policy)
  const opened = await openDatabase({
    url: config.databaseUrl,
    dataDir: config.dataDir,
    poolSize: config.databasePool,
    log: say,
    ...(onStatement ? { onStatement } : {}),
  })
  const { database, embedded } = opened
  const migrations = await migrate(opened.dataSource, say)
  const [known] = await database.query<{ known: boolean }>(
    'SELECT EXISTS (SELECT FROM subject) AS known',
  )
  const policyVersions = new PostgresPolicyVersions(database)
  await policyVersions.keep(policy.version, tables, clock.now())
  const master = await openMasterKey(config.masterKey, randomness)
  const keysDir = join(config.dataDir, 'keys')
  const keys = await FileKeyStore.open({
    dir: keysDir,
    master,
    randomness,
    clock,
    mayCreate: !known?.known,
  })
  const journal = embedded ? new AuditJournal(join(config.dataDir, 'audit')) : null
  // What people wait for; whoever gives up waiting leaves nothing behind that goes on.
  const reads = database.impatient(config.requestTimeoutMs)
  const auditLog = new PostgresAuditLog(database, journal, say)
  await auditLog.start()
  const tree = new PostgresAuditTree(database)
  const checkpointSigner = await openCheckpointSigner(config, keysDir, keys, tree)
  const segments = new PostgresSegmentStore(database, clock)
  const recommendations = new PostgresRecommendationStore(database, clock)
  const rebuild = new ProfileRebuild({ database, policy, keys, recommendations, clock, randomness })
  const feed = new PostgresChangeFeed(database)
  const redis = await openRedis(config.redisUrl, keys)
  spreadNews(redis, randomness, { database, feed, keys, segments, recommendations })
  const quota = config.databaseQuotaMb
  await applyRenewals(database, rebuild, policy.notices)
  return {
    opened,
    migrations,
    policy,
    policyVersions,
    pastPeople: new PostgresPastPeople(reads),
    keys,
    dayKeys: new FileDayKeys(join(keysDir, DAYS_FOLDER), master, randomness, (work) =>
      keys.underMaster(work),
    ),
    auditLog,
    leaves: new PostgresAuditLeaves(database),
    auditStatistics: new PostgresAuditStatistics(reads),
    trailSubjects: new PostgresTrailSubjects(reads),
    trailTimes: new PostgresTrailTimes(database),
    sinkPosition: new PostgresSinkPosition(database),
    tree,
    archive: new PostgresAuditArchive(database, journal),
    retention,
    dataRetention,
    expiredData: new PostgresExpiredData(database, rebuild, clock),
    checkpointSigner,
    segments,
    recommendations,
    rebuild,
    profiles: new PostgresProfileStore(
      reads,
      async (now) => await segments.refreshMemberships(now),
    ),
    space: embedded
      ? new FolderSpace(config.dataDir)
      : new DatabaseQuota(database, quota === null ? null : quota * MEGABYTE),
    securityCounts: new PostgresSecurityCountStore(database),
    clients: new PostgresClientStore(database),
    trustedDocuments: new PostgresTrustedDocumentStore(database),
    feed,
    ingestStore: new PostgresIngestStore(database, rebuild),
    memberLists: new PostgresMemberLists(database),
    countLedger: new PostgresCountLedger(database, auditLog),
    countedSets: new PostgresCountedSets(database),
    countRules,
    outbox: new PostgresOutbox(database),
    deliveryQueue: new PostgresDeliveryQueue(database),
    endpoints: new PostgresEndpointStore(database),
    erasures: new PostgresErasureStore(database),
    recipients: new PostgresRecipients(database),
    erasureRemains: new PostgresErasureRemains(database, embedded),
    subjectRequests: new PostgresSubjectRequestStore(database),
    personRecords: new PostgresPersonRecords(reads),
    callbackSigner: await openCallbackSigner({
      dir: keysDir,
      domain: new URL(config.publicUrl ?? 'http://localhost').hostname,
      sealingKey: keys.installationKey('opendsr'),
      randomness,
    }),
    redis,
    rates: redis === null ? new InProcessRateBudget() : new RedisRateBudget(redis),
  }
}

/** @throws ConfigError where the setting names another log than the one that was begun. */
async function openCheckpointSigner(
  { auditOrigin, publicUrl }: Config,
  dir: string,
  keys: FileKeyStore,
  tree: PostgresAuditTree,
): Promise<FileCheckpointSigner> {
  const host = publicUrl === null ? 'localhost' : new URL(publicUrl).host
  const signer = await FileCheckpointSigner.open({
    dir,
    seedOf: (epoch) => keys.installationKey(`audit-log/${epoch}`),
    origin: auditOrigin ?? `${host}/audit`,
    mayCreate: (await tree.latest()) === null,
  })
  if (auditOrigin !== null && auditOrigin !== signer.origin)
    throw new ConfigError(
      `BAUTA_AUDIT_ORIGIN is not the name under which the audit log began: ${signer.origin}.`,
    )
  return signer
}
