import { join } from 'node:path'
import { blindIndex } from '../../../src/domain/privacy/blind-index.ts'
import { compilePolicy, type Policy } from '../../../src/domain/privacy/policy.ts'
import { open } from '../../../src/domain/privacy/seal.ts'
import { normaliseIdentifier } from '../../../src/domain/profiles/normalise.ts'
import { sealedColumns } from '../../../src/domain/profiles/read-model.ts'
import type { RecommendationStore } from '../../../src/domain/recommendations/recommender.ts'
import { Ingest } from '../../../src/gateway/ingest/ingest.ts'
import type { IdentifierInput } from '../../../src/gateway/ingest/ingest-input.ts'
import { FileKeyStore } from '../../../src/outbound/keys/file-key-store.ts'
import type { OpenDatabase } from '../../../src/outbound/postgres/connect.ts'
import { PostgresIngestStore } from '../../../src/outbound/postgres/ingest-store.ts'
import { type PackedLineage, unpackLineage } from '../../../src/outbound/postgres/lineage-column.ts'
import { ProfileRebuild } from '../../../src/outbound/postgres/profile-rebuild.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'
import { randomness, SetClock } from '../../clock-and-randomness.ts'
import type { FreshDatabase } from '../../contracts/fresh-database.ts'

export interface StoredRow {
  readonly subject_id: string
  readonly kind: string
  readonly segment_keys: string[]
  readonly demographics: Record<string, unknown>
  readonly location: Record<string, unknown>
  readonly account: Record<string, unknown>
  readonly activity: Record<string, unknown>
  readonly device: Record<string, unknown>
  readonly commerce: Record<string, unknown>
  readonly custom: Record<string, unknown>
  readonly interactions: unknown[]
  readonly lineage: Record<string, { source: string; rule: string }>
  readonly sealed_more: Record<string, string>
  readonly state: string
}

/** A gateway's ingest door over a database, and eyes to see what lies behind it. */
export class IngestHouse {
  readonly clock = new SetClock()
  readonly policy: Policy
  readonly ingest: Ingest
  readonly store: PostgresIngestStore
  readonly rebuild: ProfileRebuild
  readonly keys: FileKeyStore
  /** What stands on the trail, in order. */
  readonly recorded: Readonly<Record<string, unknown>>[] = []
  readonly database: OpenDatabase['database']

  private constructor(
    database: OpenDatabase['database'],
    keys: FileKeyStore,
    policy: Policy,
    recommendations: Pick<RecommendationStore, 'model' | 'catalogue'>,
  ) {
    const { clock } = this
    this.policy = policy
    this.keys = keys
    this.database = database
    this.rebuild = new ProfileRebuild({
      database,
      policy,
      keys,
      clock,
      randomness,
      recommendations,
    })
    this.store = new PostgresIngestStore(database, this.rebuild)
    this.ingest = new Ingest({
      store: this.store,
      policy,
      keys,
      recorder: { recordAction: async (action) => String(this.recorded.push(action)) },
      reserve: { assertRoom: () => {} },
      clock,
      randomness,
      pause: async () => {},
    })
  }

  static async over(
    fresh: FreshDatabase,
    on: OpenDatabase = fresh,
    recommendations: Pick<RecommendationStore, 'model' | 'catalogue'> = {
      model: async () => null,
      catalogue: async () => new Map(),
    },
  ): Promise<IngestHouse> {
    const keys = await FileKeyStore.open({
      dir: join(fresh.dataDir, 'keys'),
      master: new Uint8Array(32).fill(7),
      randomness,
      clock: new SetClock(),
      mayCreate: true,
    })
    const policy = compilePolicy(readPolicyTables('policy'))
    return new IngestHouse(on.database, keys, policy, recommendations)
  }

  /** One batch from beginning to end. */
  async take(source: string, inputs: readonly unknown[], fingerprint = `test:${Math.random()}`) {
    const batch = await this.ingest.openBatch({ source, kind: 'customers', fingerprint })
    const rows = inputs.map((input, index) => ({ rowNumber: index + 1, input }))
    const accepted = await this.ingest.accept(batch, rows)
    await this.ingest.finish(batch)
    this.clock.pass(1_000)
    return { batch, ...accepted }
  }

  /** The read-model row of whom an identifier belongs to, or null. */
  async rowOf(
    identifier: IdentifierInput,
    filed: string = identifier.kind,
  ): Promise<StoredRow | null> {
    const read = normaliseIdentifier(identifier, null)
    if ('problem' in read) throw new Error(read.problem)
    const key = this.keys.installationKey('blind-index')
    const [row] = await this.database.query<
      Omit<StoredRow, 'lineage'> & { lineage: PackedLineage }
    >(
      `SELECT r.*, c.state FROM identifier i JOIN subject s ON s.id = i.home_id
       JOIN read_model r ON r.subject_id = s.root_id JOIN consent_state c ON c.id = r.consent_id
       WHERE i.kind = $1 AND i.blind_index = $2`,
      [filed, blindIndex(key, identifier.kind, read.value.value)],
    )
    return row ? { ...row, lineage: unpackLineage(row.lineage) } : null
  }

  /** Everything in the vault of a row: trait key -> value. */
  vaultOf(row: StoredRow): Record<string, unknown> {
    const key = this.keys.dataKeyOf(row.subject_id)
    if (!key) throw new Error('the subject has no key')
    const sealed: [category: string, bytes: Buffer][] = Object.entries(row.sealed_more).map(
      ([category, text]) => [category, Buffer.from(text, 'base64')],
    )
    for (const [category, column] of Object.entries(sealedColumns)) {
      const bytes = (row as unknown as Record<string, Buffer | null>)[column]
      if (bytes) sealed.push([category, bytes])
    }
    return Object.assign(
      {},
      ...sealed.map(([category, bytes]) =>
        JSON.parse(open(key, [row.subject_id, category], bytes).toString('utf8')),
      ),
    )
  }

  async count(table: string): Promise<number> {
    const [row] = await this.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${table}`,
    )
    return row?.n ?? 0
  }
}

export const profile = (
  recordKey: string,
  identifiers: Record<string, string>,
  traits: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
) => ({ type: 'profile', recordKey, identifiers: identifiersOf(identifiers), traits, ...more })

export const event = (
  messageId: string,
  identifiers: Record<string, string>,
  name: string,
  properties: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
) => ({
  type: 'event',
  messageId,
  identifiers: identifiersOf(identifiers),
  name,
  properties,
  ...more,
})

export const consent = (
  identifiers: Record<string, string>,
  purpose: string,
  state: string,
  more: Record<string, unknown> = {},
) => ({ type: 'consent', identifiers: identifiersOf(identifiers), purpose, state, ...more })

function identifiersOf(identifiers: Record<string, string>) {
  return Object.entries(identifiers).map(([kind, value]) => ({ kind, value }))
}
