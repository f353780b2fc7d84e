import { join } from 'node:path'
import type { Config } from './config.ts'
import { compilePolicy, type Policy } from './domain/privacy/policy.ts'
import type { PeopleByIdentifier } from './domain/profiles/people-by-identifier.ts'
import { AuditTrail } from './gateway/attest/audit-trail.ts'
import { DiscloseDesk } from './gateway/disclose/disclose.ts'
import { Fit } from './gateway/disclose/fit.ts'
import { Reception } from './gateway/disclose/reception.ts'
import { Watch } from './gateway/disclose/watch.ts'
import { Clients } from './gateway/govern/clients.ts'
import { Items } from './gateway/govern/items.ts'
import { Segments } from './gateway/govern/segments.ts'
import { TokenClients } from './gateway/govern/token-client.ts'
import { Tokens } from './gateway/govern/tokens.ts'
import { type VisitorDoor, Visitors } from './gateway/govern/visitors.ts'
import { Ingest } from './gateway/ingest/ingest.ts'
import { Tell } from './gateway/ingest/tell.ts'
import { Audiences } from './gateway/scope/audiences.ts'
import { Authenticator } from './gateway/scope/authenticate.ts'
import { Recorder } from './gateway/scope/recorder.ts'
import { VisitorCookies } from './gateway/scope/visitor-cookie.ts'
import { Responder } from './inbound/graphql/responder.ts'
import { buildGraphqlSchema } from './inbound/graphql/schema.ts'
import type { Randomness } from './kernel/ids.ts'
import { Refusal } from './kernel/refusal.ts'
import type { Clock } from './kernel/time.ts'
import { Argon2SecretHasher } from './outbound/keys/argon2-secret-hasher.ts'
import { FileKeyStore } from './outbound/keys/file-key-store.ts'
import { JoseTokenSigner } from './outbound/keys/jose-token-signer.ts'
import { openMasterKey } from './outbound/keys/master-key.ts'
import { PooledRandomness } from './outbound/keys/pooled-randomness.ts'
import { AuditJournal } from './outbound/postgres/audit-journal.ts'
import { PostgresAuditLog } from './outbound/postgres/audit-log.ts'
import { PostgresChangeFeed } from './outbound/postgres/change-feed.ts'
import { PostgresClientStore } from './outbound/postgres/client-store.ts'
import { type OpenDatabase, openDatabase } from './outbound/postgres/connect.ts'
import { PostgresIngestStore } from './outbound/postgres/ingest-store.ts'
import { PostgresMemberLists } from './outbound/postgres/member-lists.ts'
import { migrate } from './outbound/postgres/migrate.ts'
import { ProfileRebuild } from './outbound/postgres/profile-rebuild.ts'
import { PostgresProfileStore } from './outbound/postgres/profile-store.ts'
import { PostgresRecommendationStore } from './outbound/postgres/recommendation-store.ts'
import { PostgresSegmentStore } from './outbound/postgres/segment-store.ts'
import { readPolicyTables } from './policy-files.ts'

const clock: Clock = { now: () => Date.now() }
const randomness: Randomness = new PooledRandomness()

/** Lets the event loop take what has arrived meanwhile. */
const pause = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve))

/** Everything behind the doors: connected, migrated and recovered. */
export interface Stores {
  readonly opened: OpenDatabase
  readonly policy: Policy
  readonly keys: FileKeyStore
  readonly auditLog: PostgresAuditLog
  readonly profiles: PostgresProfileStore
  readonly segments: PostgresSegmentStore
  readonly recommendations: PostgresRecommendationStore
  readonly clients: PostgresClientStore
  readonly feed: PostgresChangeFeed
  readonly rebuild: ProfileRebuild
  readonly ingestStore: PostgresIngestStore
  readonly memberLists: PostgresMemberLists
}

/** Told what is being done: one line each, nothing of a person. */
export type Say = (line: string) => void

async function openStores(
  config: Config,
  say: Say,
  onStatement?: (text: string) => void,
): Promise<Stores> {
  const policy = compilePolicy(readPolicyTables(config.policyDir))
  const opened = await openDatabase({
    url: config.databaseUrl,
    dataDir: config.dataDir,
    poolSize: config.databasePool,
    log: say,
    ...(onStatement ? { onStatement } : {}),
  })
  const { database, embedded } = opened
  await migrate(opened.dataSource, say)
  const [known] = await database.query<{ known: boolean }>(
    'SELECT EXISTS (SELECT FROM subject) AS known',
  )
  const keys = await FileKeyStore.open({
    dir: join(config.dataDir, 'keys'),
    master: await openMasterKey(config.masterKey, randomness),
    randomness,
    clock,
    mayCreate: !known?.known,
  })
  const journal = embedded ? new AuditJournal(join(config.dataDir, 'audit')) : null
  const auditLog = new PostgresAuditLog(database, journal, say)
  await auditLog.start()
  const segments = new PostgresSegmentStore(database, clock)
  const recommendations = new PostgresRecommendationStore(database, clock)
  const rebuild = new ProfileRebuild({ database, policy, keys, recommendations, clock, randomness })
  return {
    opened,
    policy,
    keys,
    auditLog,
    segments,
    recommendations,
    rebuild,
    profiles: new PostgresProfileStore(
      database,
      async (now) => await segments.refreshMemberships(now),
    ),
    clients: new PostgresClientStore(database),
    feed: new PostgresChangeFeed(database),
    ingestStore: new PostgresIngestStore(database, rebuild),
    memberLists: new PostgresMemberLists(database),
  }
}

/** The gateway, ready to be called: by the HTTP server, the command line or a test. */
export interface Gateway {
  readonly config: Config
  readonly stores: Stores
  readonly recorder: Recorder
  readonly authenticator: Authenticator
  readonly audiences: Audiences
  readonly reception: Reception
  readonly responder: Responder
  readonly ingest: Ingest
  readonly clients: Clients
  readonly tokens: Tokens
  readonly people: PeopleByIdentifier
  readonly visitors: Visitors
  readonly segments: Segments
  readonly fit: Fit
  readonly clock: Clock
  readonly randomness: Randomness
  close(): Promise<void>
}

export interface ComposeOptions {
  readonly say?: Say
  /** Told every statement, for the test that counts them. */
  readonly onStatement?: (text: string) => void
}

/** Constructs every adapter, and nothing else does. @throws Refusal, ConfigError, PolicyError: it never starts half-configured. */
export async function composeGateway(
  config: Config,
  options: ComposeOptions = {},
): Promise<Gateway> {
  const stores = await openStores(config, options.say ?? (() => {}), options.onStatement)
  const {
    policy,
    keys,
    auditLog,
    profiles,
    segments,
    recommendations,
    clients: clientStore,
  } = stores
  const recorder = new Recorder(auditLog, clock, randomness, policy.version)
  const audiences = new Audiences(keys)
  const cookies = new VisitorCookies(keys, audiences)
  const signer = new JoseTokenSigner(
    keys.installationKey('token-signing'),
    config.publicUrl ?? 'bauta',
  )
  const authenticator = new Authenticator({
    clients: clientStore,
    signer,
    audiences,
    cookies,
    policy,
    clock,
  })
  const hasher = new Argon2SecretHasher()
  const clients = new Clients({ store: clientStore, hasher, policy, recorder, clock, randomness })
  const ingest = new Ingest({ store: stores.ingestStore, policy, keys, clock, randomness })
  const desk = new DiscloseDesk(
    { profiles, segments, recommendations, clients: clientStore, keys },
    audiences,
  )
  const reception = new Reception({ policy, desk, recorder, clock, randomness })
  const governSegments = new Segments(segments, policy, recorder, clock)
  const responder = new Responder({
    schema: buildGraphqlSchema(),
    reception,
    doors: {
      desk,
      tell: new Tell(ingest, (audience, pseudonym) => audiences.of(audience).open(pseudonym)),
      govern: { segments: governSegments, items: new Items(recommendations) },
      trail: new AuditTrail(auditLog, keys),
      watch: new Watch(stores.feed, desk),
    },
  })
  const tokens = new Tokens({
    store: clientStore,
    clients: new TokenClients(clientStore, hasher, authenticator),
    signer,
    audiences,
    keys,
    people: desk.people,
    recorder,
    clock,
    randomness,
  })
  const visitors = new Visitors({ door: visitorDoor(ingest), cookies, recorder, clock, randomness })
  return {
    config,
    stores,
    recorder,
    authenticator,
    audiences,
    reception,
    responder,
    ingest,
    clients,
    tokens,
    people: desk.people,
    visitors,
    segments: governSegments,
    fit: new Fit({
      recommendations,
      profiles,
      memberLists: stores.memberLists,
      keys,
      policy,
      recorder,
      clock,
      pause,
    }),
    clock,
    randomness,
    async close() {
      await auditLog.close()
      await stores.opened.close()
    },
  }
}

/** Visitors come in like everybody: as an anonymous id that nobody has verified. */
function visitorDoor(ingest: Ingest): VisitorDoor {
  return {
    async admit(anonymousId) {
      const profile = {
        type: 'profile',
        recordKey: anonymousId,
        identifiers: [{ kind: 'anonymousId', value: anonymousId }],
        traits: {},
      }
      const { subjects, rejected } = await ingest.acceptLive('web', [profile], { verified: false })
      const subject = subjects[0]
      if (!subject)
        throw new Refusal(
          'INTERNAL',
          `The visitor was not admitted: ${rejected[0]?.reasons.join('; ')}.`,
        )
      return subject
    },
  }
}
