import type { BatchOrigin, StoredEvent } from '../../domain/profiles/ingest-store.ts'
import { type Tally, type TallyEvent, TallySum } from '../../domain/profiles/tally.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { Queryable } from './database.ts'
import { LostRace } from './ingest-race.ts'

/** Homes whose events are counted again in one go: memory stays small whatever the size of a batch. */
const RECOUNT_PAGE = 500

/**
 * Stores events and adds them to the counters of their homes, whose people the transaction has locked.
 * @returns the counters as they are now.
 */
export async function saveEvents(
  tx: Queryable,
  { id: batchId, source }: BatchOrigin,
  events: readonly StoredEvent[],
): Promise<ReadonlyMap<SubjectId, Tally>> {
  if (events.length === 0) return new Map()
  const inserted = await tx.query(
    `INSERT INTO event (source, message_id, home_id, batch_id, name, occurred_at, received_at, item_id, order_id,
       value, properties)
     SELECT $2, message, home, $3, name, occurred, received, item, "order", value, properties
     FROM json_to_recordset($1) AS made (message text, home uuid, name text, occurred timestamptz,
       received timestamptz, item text, "order" text, value float8, properties jsonb)
     ORDER BY message
     ON CONFLICT DO NOTHING RETURNING 1`,
    [
      JSON.stringify(
        events.map((event) => ({
          message: event.messageId,
          home: event.home,
          name: event.name,
          occurred: isoInstant(event.occurredAt),
          received: isoInstant(event.receivedAt),
          item: event.itemId,
          order: event.orderId,
          value: event.value,
          properties: event.properties,
        })),
      ),
      source,
      batchId,
    ],
  )
  if (inserted.length < events.length) throw new LostRace()
  return await count(tx, events)
}

async function count(
  tx: Queryable,
  events: readonly StoredEvent[],
): Promise<ReadonlyMap<SubjectId, Tally>> {
  const itemIds = new Set(events.flatMap(({ itemId }) => (itemId === null ? [] : [itemId])))
  const items = await tx.query<{ id: string; category: string | null }>(
    'SELECT id, category FROM item WHERE id = ANY ($1)',
    [[...itemIds]],
  )
  const categories = new Map(items.map(({ id, category }) => [id, category]))
  const sums = new Map(events.map(({ home }) => [home, new TallySum()]))
  const held = await tx.query<{ home_id: string; tally: Tally }>(
    'SELECT home_id, tally FROM tally WHERE home_id = ANY ($1::uuid[])',
    [[...sums.keys()]],
  )
  for (const { home_id, tally } of held) sums.get(home_id)?.add(tally)
  for (const { home, name, occurredAt, itemId, orderId, value } of events) {
    const itemCategory = itemId === null ? null : (categories.get(itemId) ?? null)
    sums.get(home)?.addEvent({ name, at: occurredAt, itemId, itemCategory, orderId, value })
  }
  return await saveTallies(tx, sums)
}

/** Counts what is left of these homes' events; homes without any lose their counters. */
export async function recount(tx: Queryable, homes: readonly SubjectId[]): Promise<void> {
  for (let start = 0; start < homes.length; start += RECOUNT_PAGE) {
    const page = homes.slice(start, start + RECOUNT_PAGE)
    await tx.query('DELETE FROM tally WHERE home_id = ANY ($1::uuid[])', [page])
    const rows = await tx.query<TallyEvent & { home: SubjectId }>(
      `SELECT e.home_id AS home, e.name, (extract(epoch FROM e.occurred_at) * 1000)::float8 AS at,
         e.item_id AS "itemId", i.category AS "itemCategory", e.order_id AS "orderId", e.value
       FROM event e LEFT JOIN item i ON i.id = e.item_id WHERE e.home_id = ANY ($1::uuid[])`,
      [page],
    )
    const sums = new Map<SubjectId, TallySum>()
    for (const event of rows) {
      const sum = sums.get(event.home) ?? new TallySum()
      sums.set(event.home, sum.addEvent(event))
    }
    await saveTallies(tx, sums)
  }
}

async function saveTallies(
  tx: Queryable,
  sums: ReadonlyMap<SubjectId, TallySum>,
): Promise<ReadonlyMap<SubjectId, Tally>> {
  const tallies = new Map([...sums].map(([home, sum]) => [home, sum.total()]))
  if (tallies.size > 0)
    await tx.query(
      `INSERT INTO tally (home_id, tally)
       SELECT home, tally FROM json_to_recordset($1) AS made (home uuid, tally jsonb)
       ON CONFLICT (home_id) DO UPDATE SET tally = excluded.tally`,
      [JSON.stringify([...tallies].map(([home, tally]) => ({ home, tally })))],
    )
  return tallies
}
