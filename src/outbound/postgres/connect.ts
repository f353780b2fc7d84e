import pg from 'pg'
import { DataSource } from 'typeorm'
import { Subjects1764000001000 } from '../../../migrations/1764000001000-subjects.ts'
import { Records1764000002000 } from '../../../migrations/1764000002000-records.ts'
import { ReadModel1764000003000 } from '../../../migrations/1764000003000-read-model.ts'
import { SegmentsAndItems1764000004000 } from '../../../migrations/1764000004000-segments-and-items.ts'
import { Audit1764000005000 } from '../../../migrations/1764000005000-audit.ts'
import { Access1764000006000 } from '../../../migrations/1764000006000-access.ts'
import { AuditTree1764100001000 } from '../../../migrations/1764100001000-audit-tree.ts'
import { AuditBundleParts1764100001100 } from '../../../migrations/1764100001100-audit-bundle-parts.ts'
import { AuditReads1764100002000 } from '../../../migrations/1764100002000-audit-reads.ts'
import { AuditActions1764100002100 } from '../../../migrations/1764100002100-audit-actions.ts'
import { ExportedCheckpoints1764100003000 } from '../../../migrations/1764100003000-exported-checkpoints.ts'
import { ArgumentsByDay1764100003100 } from '../../../migrations/1764100003100-arguments-by-day.ts'
import { CountedRefusals1764100004000 } from '../../../migrations/1764100004000-counted-refusals.ts'
import { PackedLineage1764100060000 } from '../../../migrations/1764100060000-packed-lineage.ts'
import { FormerItems1764100070000 } from '../../../migrations/1764100070000-former-items.ts'
import { LeafCompression1764100080000 } from '../../../migrations/1764100080000-leaf-compression.ts'
import { ConsentHistory1764200001000 } from '../../../migrations/1764200001000-consent-history.ts'
import { Counts1764200002000 } from '../../../migrations/1764200002000-counts.ts'
import { Erasures1764200004000 } from '../../../migrations/1764200004000-erasures.ts'
import { ErasureRemains1764200004100 } from '../../../migrations/1764200004100-erasure-remains.ts'
import { Outbox1764200005000 } from '../../../migrations/1764200005000-outbox.ts'
import { SubjectRequests1764200005100 } from '../../../migrations/1764200005100-subject-requests.ts'
import { PolicyVersions1764200006000 } from '../../../migrations/1764200006000-policy-versions.ts'
import { RequestRegulations1764200007200 } from '../../../migrations/1764200007200-request-regulations.ts'
import { ClientLimits1764300000000 } from '../../../migrations/1764300000000-client-limits.ts'
import { TrustedDocuments1764300001000 } from '../../../migrations/1764300001000-trusted-documents.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { Database } from './database.ts'
import { EMBEDDED_PORT, EmbeddedServer } from './embedded.ts'
import { accessEntities } from './entities/access.ts'
import { auditEntities } from './entities/audit.ts'
import { auditIndexEntities } from './entities/audit-index.ts'
import { auditTreeEntities } from './entities/audit-tree.ts'
import { countedEntities } from './entities/counted.ts'
import { countsEntities } from './entities/counts.ts'
import { deliveryEntities } from './entities/delivery.ts'
import { erasureEntities } from './entities/erasure.ts'
import { policyVersionEntities } from './entities/policy-version.ts'
import { readModelEntities } from './entities/read-model.ts'
import { recordsEntities } from './entities/records.ts'
import { segmentsAndItemsEntities } from './entities/segments-and-items.ts'
import { subjectRequestEntities } from './entities/subject-requests.ts'
import { subjectsEntities } from './entities/subjects.ts'
import { trustedDocumentEntities } from './entities/trusted-document.ts'

/** Versions of PostgreSQL that the tests run against, first and last. */
const OLDEST = 15
const NEWEST = 18
/** Two cores answer from about this many connections; more only queue in the server instead of here. */
const POOL_SIZE = 16
/** Waiting longer for a connection than a client waits for its answer helps nobody. */
const CONNECT_TIMEOUT_MS = 10_000

export interface DatabaseOptions {
  /** Connection URL of a PostgreSQL server; null: the embedded one, under `<dataDir>/postgres`. */
  readonly url: string | null
  readonly dataDir: string
  readonly poolSize?: number
  /** Told every statement that goes through `Database`: the text, never the values. */
  readonly onStatement?: (text: string) => void
  readonly log?: (line: string) => void
}

export interface OpenDatabase {
  readonly dataSource: DataSource
  readonly database: Database
  readonly embedded: boolean
  /** Such as `15.14` or `18.3`. */
  readonly serverVersion: string
  close(): Promise<void>
}

/**
 * Connects, and starts the embedded server first where no URL is given.
 * @throws Refusal STORE_UNAVAILABLE when the server does not answer or is not PostgreSQL 15 to 18.
 */
export async function openDatabase(options: DatabaseOptions): Promise<OpenDatabase> {
  const embedded =
    options.url === null
      ? await EmbeddedServer.start(options.dataDir, options.log ?? (() => {}))
      : null
  try {
    const dataSource = embedded
      ? dataSourceOf({ host: embedded.socketFolder, port: EMBEDDED_PORT, username: 'postgres' }, 1)
      : dataSourceOf({ url: options.url ?? '' }, options.poolSize ?? POOL_SIZE)
    await connect(dataSource)
    const serverVersion = dataSource.driver.version ?? ''
    const close = async () => {
      await dataSource.destroy()
      await embedded?.close()
    }
    const major = Number.parseInt(serverVersion, 10)
    if (!(major >= OLDEST && major <= NEWEST)) {
      await close()
      throw new Refusal(
        'STORE_UNAVAILABLE',
        `PostgreSQL ${serverVersion} is not supported: it must be ${OLDEST} to ${NEWEST}.`,
      )
    }
    const database = new Database(poolOf(dataSource), embedded !== null, options.onStatement)
    return { dataSource, database, embedded: embedded !== null, serverVersion, close }
  } catch (error) {
    await embedded?.close()
    throw error
  }
}

type Address = { url: string } | { host: string; port: number; username: string }

function dataSourceOf(address: Address, poolSize: number): DataSource {
  const embedded = !('url' in address)
  return new DataSource({
    type: 'postgres',
    ...address,
    driver: pg,
    applicationName: 'bauta',
    poolSize,
    // In the embedded server a statement waits in the pool behind long ones, and that is no failure.
    ...(embedded ? {} : { connectTimeoutMS: CONNECT_TIMEOUT_MS }),
    // Statements here take milliseconds: compiling one would take longer than it runs.
    extra: {
      keepAlive: true,
      ...(embedded ? { idleTimeoutMillis: 0 } : { options: '-c jit=off' }),
    },
    poolErrorHandler: () => {},
    installExtensions: false,
    synchronize: false,
    logging: false,
    entities: [
      ...subjectsEntities,
      ...recordsEntities,
      ...readModelEntities,
      ...segmentsAndItemsEntities,
      ...auditEntities,
      ...auditIndexEntities,
      ...auditTreeEntities,
      ...accessEntities,
      ...countedEntities,
      ...countsEntities,
      ...deliveryEntities,
      ...policyVersionEntities,
      ...erasureEntities,
      ...subjectRequestEntities,
      ...trustedDocumentEntities,
    ],
    migrations: [
      Subjects1764000001000,
      Records1764000002000,
      ReadModel1764000003000,
      SegmentsAndItems1764000004000,
      Audit1764000005000,
      Access1764000006000,
      AuditTree1764100001000,
      AuditBundleParts1764100001100,
      AuditReads1764100002000,
      AuditActions1764100002100,
      ExportedCheckpoints1764100003000,
      ArgumentsByDay1764100003100,
      CountedRefusals1764100004000,
      PackedLineage1764100060000,
      FormerItems1764100070000,
      LeafCompression1764100080000,
      ConsentHistory1764200001000,
      Counts1764200002000,
      Erasures1764200004000,
      ErasureRemains1764200004100,
      Outbox1764200005000,
      SubjectRequests1764200005100,
      PolicyVersions1764200006000,
      RequestRegulations1764200007200,
      ClientLimits1764300000000,
      TrustedDocuments1764300001000,
    ],
  })
}

async function connect(dataSource: DataSource): Promise<void> {
  try {
    await dataSource.initialize()
  } catch (cause) {
    throw new Refusal('STORE_UNAVAILABLE', 'The database can not be reached.', { cause })
  }
}

/** TypeORM's own pool: its migrations and the stores share the connections. */
function poolOf(dataSource: DataSource): pg.Pool {
  return (dataSource.driver as unknown as { master: pg.Pool }).master
}
