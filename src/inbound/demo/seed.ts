import type {
  IdentifierInput,
  IngestCounts,
  IngestInput,
} from '../../gateway/ingest/ingest-input.ts'
import type { Instant } from '../../kernel/time.ts'
import { type DemoClient, type DemoPrincipal, demoPrincipals } from './clients.ts'
import { DEMO_PEOPLE, DEMO_SEED, type DemoBatch, generateDemo } from './generate.ts'
import { identifierOf } from './people.ts'
import { type DemoSegment, demoSegments } from './segments.ts'

/** The doors that the demo data go through: those that everybody's data go through. */
export interface DemoDoors<Batch extends { readonly state: string }> {
  readonly ingest: {
    openBatch(batch: {
      source: string
      kind: DemoBatch['kind']
      fingerprint: string
    }): Promise<Batch>
    accept(
      batch: Batch,
      rows: readonly { rowNumber: number; input: IngestInput }[],
    ): Promise<unknown>
    finish(batch: Batch): Promise<IngestCounts>
  }
  defineSegment(segment: DemoSegment): Promise<unknown>
  /** Registers the client, or leaves it as it is; the answer is a new token of it. */
  createClient(client: DemoClient): Promise<string>
  /** A token with which the client acts for one person. */
  tokenFor(clientId: string, person: IdentifierInput): Promise<string>
  /** The cookie, `name=value`, of a new visitor of the client. */
  visitorOf(clientId: string): Promise<string>
  /** Fits the recommender over what has come in. */
  fit(): Promise<unknown>
  log(line: string): void
}

/** How one principal of the demo gets in. */
export interface DemoCredential {
  readonly token: string
  readonly cookie?: string
  readonly purposes: readonly string[]
  readonly defaultPurpose: string | null
  readonly note: string
}
/** What `.bauta/demo-credentials.json` holds. */
export type DemoCredentials = Readonly<Record<DemoPrincipal, DemoCredential>>

/** Rows of one transaction: large enough to be fast, small enough to leave the one embedded session to others. */
const CHUNK = 1_000

/** Fills an empty installation with the demo: people, segments and a fitted recommender. After a crash it goes on where it stopped. */
export async function seedDemo<Batch extends { readonly state: string }>(
  doors: DemoDoors<Batch>,
  now: Instant,
): Promise<void> {
  // Segments first: then each profile finds its memberships as it is made up, and nobody is evaluated twice.
  for (const segment of demoSegments) await doors.defineSegment(segment)
  doors.log(`${demoSegments.length} segments defined`)
  for (const { source, kind, rows } of generateDemo(now).batches) {
    const fingerprint = `demo:${DEMO_SEED}:${source}:${kind}`
    const batch = await doors.ingest.openBatch({ source, kind, fingerprint })
    if (batch.state === 'finished') continue
    for (const chunk of chunks(rows())) await doors.ingest.accept(batch, chunk)
    const { accepted, quarantined } = await doors.ingest.finish(batch)
    doors.log(`${kind} from ${source}: ${accepted} accepted, ${quarantined} in quarantine`)
  }
  await doors.fit()
  doors.log(`recommender fitted over ${DEMO_PEOPLE} people`)
}

/** Registers the demo's callers and gives each a credential; the persons acted for is person 1. */
export async function demoCredentials(
  doors: Pick<DemoDoors<never>, 'createClient' | 'tokenFor' | 'visitorOf'>,
): Promise<DemoCredentials> {
  const first = identifierOf({ number: 1, knownTo: { crm: true, identity: true, analytics: true } })
  const credentials: Partial<Record<DemoPrincipal, DemoCredential>> = {}
  const ownTokens = new Map<string, string>()
  for (const [name, { client, as, note }] of Object.entries(demoPrincipals)) {
    const own = ownTokens.get(client.id) ?? (await doors.createClient(client))
    ownTokens.set(client.id, own)
    credentials[name as DemoPrincipal] = {
      token: as === 'person' ? await doors.tokenFor(client.id, first) : own,
      ...(as === 'visitor' && { cookie: await doors.visitorOf(client.id) }),
      purposes: client.purposes,
      defaultPurpose: client.defaultPurpose,
      note,
    }
  }
  return credentials as DemoCredentials
}

function* chunks(
  rows: Iterable<IngestInput>,
): Generator<{ rowNumber: number; input: IngestInput }[]> {
  let chunk: { rowNumber: number; input: IngestInput }[] = []
  let rowNumber = 0
  for (const input of rows) {
    chunk.push({ rowNumber: ++rowNumber, input })
    if (chunk.length === CHUNK) {
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}
