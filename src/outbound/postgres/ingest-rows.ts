import type {
  BatchOrigin,
  ChunkIds,
  KnownIds,
  QuarantinedRow,
  StoredConsent,
  StoredItem,
  StoredRecord,
} from '../../domain/profiles/ingest-store.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Queryable } from './database.ts'

/** What is known of a chunk's ids; a kind that the chunk doesn't have costs no statement. */
export async function knownIds(tx: Queryable, source: string, ids: ChunkIds): Promise<KnownIds> {
  return {
    records: await knownRecords(tx, source, ids.recordKeys),
    messageIds: await knownSet(
      tx,
      'SELECT message_id AS id FROM event WHERE source = $2 AND message_id = ANY ($1)',
      ids.messageIds,
      source,
    ),
    consentIds: await knownSet(
      tx,
      'SELECT id FROM consent_record WHERE id = ANY ($1::uuid[])',
      ids.consentIds,
    ),
    items: await knownItems(tx, ids.itemIds),
  }
}

async function knownRecords(
  tx: Queryable,
  source: string,
  keys: readonly string[],
): Promise<KnownIds['records']> {
  const records = new Map<string, { contentHash: string; homes: string[] }>()
  if (keys.length === 0) return records
  const rows = await tx.query<{ key: string; home: string; hash: string }>(
    `SELECT record_key AS key, home_id AS home, encode(content_hash, 'hex') AS hash
     FROM record WHERE source = $1 AND record_key = ANY ($2)
     ORDER BY observed_at, received_at, batch_id`,
    [source, keys],
  )
  for (const { key, home, hash } of rows) {
    const homes = records.get(key)?.homes ?? []
    homes.push(home)
    records.set(key, { contentHash: hash, homes })
  }
  return records
}

async function knownSet(
  tx: Queryable,
  statement: string,
  ids: readonly string[],
  ...more: string[]
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const rows = await tx.query<{ id: string }>(statement, [ids, ...more])
  return new Set(rows.map(({ id }) => id))
}

async function knownItems(tx: Queryable, ids: readonly string[]): Promise<KnownIds['items']> {
  if (ids.length === 0) return new Map()
  const rows = await tx.query<StoredItem>(
    'SELECT id, title, category, price, available, attributes FROM item WHERE id = ANY ($1)',
    [ids],
  )
  return new Map(rows.map((item) => [item.id, item]))
}

export async function saveRecords(
  tx: Queryable,
  { id: batchId, source }: BatchOrigin,
  records: readonly StoredRecord[],
): Promise<void> {
  if (records.length === 0) return
  await tx.query(
    `INSERT INTO record AS held
       (source, record_key, batch_id, home_id, observed_at, received_at, content_hash, traits, sealed)
     SELECT $2, key, $3, home, observed, received, decode(hash, 'hex'), traits, sealed
     FROM json_to_recordset($1) AS made
       (key text, home uuid, observed timestamptz, received timestamptz, hash text, traits jsonb, sealed jsonb)
     ON CONFLICT (source, record_key, batch_id) DO UPDATE SET home_id = excluded.home_id,
       observed_at = excluded.observed_at, received_at = excluded.received_at,
       content_hash = excluded.content_hash, traits = excluded.traits, sealed = excluded.sealed
     WHERE excluded.observed_at >= held.observed_at`,
    [
      JSON.stringify(
        records.map(({ recordKey, home, contentHash, observedAt, receivedAt, traits, sealed }) => ({
          home,
          traits,
          sealed,
          key: recordKey,
          hash: contentHash,
          observed: isoInstant(observedAt),
          received: isoInstant(receivedAt),
        })),
      ),
      source,
      batchId,
    ],
  )
}

/**
 * A decision that holds from the moment it is recorded comes after all that were made before it, whatever the clocks of
 * the gateways say that recorded those: it would be lost behind one that a faster clock has dated.
 */
const PLACED = `CROSS JOIN LATERAL (
  SELECT greatest(effective, (
    SELECT max(earlier.effective_at) + interval '1 millisecond'
    FROM subject me JOIN subject other ON other.root_id = me.root_id JOIN consent_record earlier ON earlier.home_id = other.id
    WHERE me.id = home AND effective = recorded AND earlier.purpose = made.purpose
      AND (earlier.recipient = made.recipient OR earlier.recipient IS NULL OR made.recipient IS NULL)
  )) AS at
) placed`

export async function saveConsents(
  tx: Queryable,
  { id: batchId }: BatchOrigin,
  consents: readonly StoredConsent[],
): Promise<void> {
  if (consents.length === 0) return
  await tx.query(
    `INSERT INTO consent_record (id, home_id, batch_id, purpose, categories, recipient, state, jurisdiction,
       effective_at, expires_at, recorded_at, source, method, collection_point, notice, notice_version, notice_hash,
       language, entity, evidence)
     SELECT id, home, $2, purpose,
       CASE json_typeof(categories) WHEN 'array' THEN ARRAY(SELECT json_array_elements_text(categories)) END,
       recipient, state, jurisdiction, placed.at, expires,
       CASE WHEN effective = recorded THEN placed.at ELSE recorded END, source, method, "collectionPoint", notice,
       "noticeVersion", "noticeHash", language, entity, evidence
     FROM json_to_recordset($1) AS made (id uuid, home uuid, purpose text, categories json, recipient text,
       state text, jurisdiction text, effective timestamptz, expires timestamptz, recorded timestamptz,
       source text, method text, "collectionPoint" text, notice text, "noticeVersion" text, "noticeHash" text,
       language text, entity text, evidence jsonb) ${PLACED}`,
    [
      JSON.stringify(
        consents.map(({ effectiveAt, expiresAt, recordedAt, ...rest }) => ({
          ...rest,
          effective: isoInstant(effectiveAt),
          expires: expiresAt === null ? null : isoInstant(expiresAt),
          recorded: isoInstant(recordedAt),
        })),
      ),
      batchId,
    ],
  )
}

export async function saveItems(
  tx: Queryable,
  { id: batchId }: BatchOrigin,
  items: readonly StoredItem[],
  now: Instant,
): Promise<void> {
  // Of two versions in one chunk the later one; in one order everywhere, so that no two gateways wait for each other.
  const latest = new Map(items.map((item) => [item.id, item]))
  if (latest.size === 0) return
  await tx.query(
    `INSERT INTO item (id, title, category, price, available, attributes, updated_at, batch_id)
     SELECT id, title, category, price, available, attributes, $2, $3
     FROM json_to_recordset($1) AS made
       (id text, title text, category text, price float8, available boolean, attributes jsonb)
     ORDER BY id
     ON CONFLICT (id) DO UPDATE SET title = excluded.title, category = excluded.category, price = excluded.price,
       available = excluded.available, attributes = excluded.attributes, updated_at = excluded.updated_at,
       batch_id = excluded.batch_id`,
    [JSON.stringify([...latest.values()]), isoInstant(now), batchId],
  )
}

export async function saveQuarantine(
  tx: Queryable,
  { id: batchId, source }: BatchOrigin,
  rows: readonly QuarantinedRow[],
  receivedAt: Instant,
): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `INSERT INTO quarantine (id, source, batch_id, kind, row_number, received_at, reasons, payload, about)
     SELECT id, $2, $3, kind, "rowNumber", $4, reasons, decode(payload, 'base64'),
       CASE json_typeof(about) WHEN 'array'
         THEN ARRAY(SELECT decode(json_array_elements_text(about), 'hex')) END
     FROM json_to_recordset($1) AS made
       (id uuid, kind text, "rowNumber" bigint, reasons jsonb, payload text, about json)`,
    [
      JSON.stringify(
        rows.map((row) => ({
          ...row,
          payload: Buffer.from(row.payload).toString('base64'),
          about: row.about?.map(({ blindIndex }) => blindIndex) ?? null,
        })),
      ),
      source,
      batchId,
      isoInstant(receivedAt),
    ],
  )
}
