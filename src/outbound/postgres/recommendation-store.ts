import { LRUCache } from 'lru-cache'
import type { Interaction } from '../../domain/profiles/read-model.ts'
import type {
  FittedModel,
  Item,
  PersonInteractions,
  RecommendationStore,
  RecommendedLists,
  RecommenderModel,
} from '../../domain/recommendations/recommender.ts'
import { type Clock, type Instant, isoInstant, SECOND } from '../../kernel/time.ts'
import type { Database } from './database.ts'
import { readModel, writeModel } from './recommender-models.ts'
import { Remembered } from './remembered.ts'

/** People whose interactions are in memory at a time. */
const PEOPLE = 500
/** Any number, the same in every gateway: whoever fits holds this advisory lock. */
const FIT_LOCK = 4_208_340

const NO_LISTS: RecommendedLists = { activity: [], full: [], model: 0 }

/** Whole items in memory: a page of recommendations finds all of its own in a shop of this size. */
const KEPT_ITEMS = 20_000

interface Catalogue {
  readonly version: string
  /** Category of each available item. */
  readonly items: ReadonlyMap<string, string | null>
  /** All items, where they are few enough. */
  readonly whole: ReadonlyMap<string, Item> | null
  /** Items that have been asked for under this version, where they are many. */
  readonly kept: LRUCache<string, Item>
}

export class PostgresRecommendationStore implements RecommendationStore {
  readonly #database: Database
  readonly #clock: Clock
  readonly #model: Remembered<RecommenderModel | null>
  readonly #catalogue: Remembered<Catalogue>
  #onDefined: () => void = () => {}

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
    this.#model = new Remembered(clock, SECOND, (previous) =>
      readModel(database, previous ?? null, clock.now()),
    )
    this.#catalogue = new Remembered(clock, SECOND, (previous) => this.#readCatalogue(previous))
  }

  /** @param tell called whenever this process has stored a model or items. */
  whenDefined(tell: () => void): void {
    this.#onDefined = tell
  }

  /** Model and catalogue are looked at again when they are asked for next. */
  forget(): void {
    this.#model.forget()
    this.#catalogue.forget()
  }

  model(): Promise<RecommenderModel | null> {
    return this.#model.get()
  }

  async *interactions(
    permittedStates: readonly number[],
    notOf?: number,
  ): AsyncGenerator<readonly PersonInteractions[]> {
    let after = '00000000-0000-0000-0000-000000000000'
    for (;;) {
      const rows = await this.#database.query<{
        subject_id: string
        consent_id: number
        interactions: Interaction[]
        version: string
      }>(
        `SELECT subject_id, consent_id, interactions, updated_at::text AS version FROM read_model
         WHERE subject_id > $1::uuid AND consent_id = ANY ($2::int[])
           AND (consent_until IS NULL OR consent_until > $3::timestamptz)
           AND ($4::int IS NULL OR (recommended ->> 'model')::int IS DISTINCT FROM $4::int)
         ORDER BY subject_id LIMIT ${PEOPLE}`,
        [after, permittedStates, isoInstant(this.#clock.now()), notOf ?? null],
        'recommender-people',
      )
      const last = rows.at(-1)
      if (!last) return
      after = last.subject_id
      yield rows.map(({ subject_id, consent_id, interactions, version }) => ({
        subjectId: subject_id,
        state: consent_id,
        interactions,
        version,
      }))
    }
  }

  async changedSince(instant: Instant): Promise<boolean> {
    const rows = await this.#database.query<{ changed: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM read_model WHERE updated_at > $1::timestamptz)
         OR EXISTS (SELECT 1 FROM erasure WHERE begun_at > $1::timestamptz) AS changed`,
      [isoInstant(instant)],
      'recommender-changed',
    )
    return rows[0]?.changed === true
  }

  async saveModel(model: FittedModel): Promise<number> {
    const id = await writeModel(this.#database, model, this.#clock.now())
    this.forget()
    this.#onDefined()
    return id
  }

  async saveRecommended(
    people: readonly { readonly of: PersonInteractions; readonly lists: RecommendedLists }[],
  ): Promise<void> {
    await this.#database.query(
      `UPDATE read_model r SET recommended = s.lists
       FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS s (subject_id, version, lists)
       WHERE r.subject_id = s.subject_id AND r.updated_at::text = s.version`,
      [
        people.map(({ of }) => of.subjectId),
        people.map(({ of }) => of.version),
        people.map(({ lists }) => JSON.stringify(lists)),
      ],
      'recommender-save-lists',
    )
  }

  async clearRecommended(permittedStates: readonly number[]): Promise<number> {
    const rows = await this.#database.query<{ cleared: string }>(
      `WITH cleared AS (
         UPDATE read_model SET recommended = $2::jsonb
         WHERE NOT (consent_id = ANY ($1::int[]))
           AND (recommended -> 'activity' <> '[]' OR recommended -> 'full' <> '[]')
         RETURNING 1
       ) SELECT count(*) AS cleared FROM cleared`,
      [permittedStates, JSON.stringify(NO_LISTS)],
      'recommender-clear-lists',
    )
    return Number(rows[0]?.cleared)
  }

  fitAlone<T>(work: () => Promise<T>): Promise<T | null> {
    return this.#database.alone(FIT_LOCK, work)
  }

  /** Kept as long as the catalogue is: every page of recommendations shows the same few. */
  async items(ids: readonly string[]): Promise<ReadonlyMap<string, Item>> {
    const { kept } = await this.#catalogue.get()
    const unknown = ids.filter((id) => !kept.has(id))
    if (unknown.length > 0) {
      const rows = await this.#database.query<ItemRow>(
        `SELECT ${ITEM_COLUMNS} FROM item WHERE id = ANY ($1::text[])`,
        [unknown],
        'items-by-id',
      )
      for (const row of rows) kept.set(row.id, itemOf(row))
    }
    const found = new Map<string, Item>()
    for (const id of ids) {
      const item = kept.get(id)
      if (item) found.set(id, item)
    }
    return found
  }

  async allItems(): Promise<ReadonlyMap<string, Item> | null> {
    return (await this.#catalogue.get()).whole
  }

  async listItems(query: {
    category: string | null
    limit: number
    after: string | null
  }): Promise<readonly Item[]> {
    const rows = await this.#database.query<ItemRow>(
      `SELECT ${ITEM_COLUMNS} FROM item
       WHERE ($1::text IS NULL OR category = $1::text) AND ($2::text IS NULL OR id > $2::text)
       ORDER BY id LIMIT $3`,
      [query.category, query.after, query.limit],
      'items-list',
    )
    return rows.map(itemOf)
  }

  async saveItems(items: readonly Item[]): Promise<void> {
    // Taken out of its import batch: taking the batch back must not take a later change along.
    await this.#database.query(
      `INSERT INTO item (id, title, category, price, available, attributes, updated_at)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::boolean[], $6::jsonb[], $7::timestamptz[])
       ON CONFLICT (id) DO UPDATE SET title = excluded.title, category = excluded.category,
         price = excluded.price, available = excluded.available, updated_at = excluded.updated_at,
         attributes = item.attributes || excluded.attributes, batch_id = NULL`,
      [
        items.map(({ id }) => id),
        items.map(({ title }) => title),
        items.map(({ category }) => category),
        items.map(({ price }) => price),
        items.map(({ available }) => available),
        items.map(({ attributes }) => JSON.stringify(attributes)),
        items.map(({ updatedAt }) => isoInstant(updatedAt)),
      ],
      'items-save',
    )
    this.forget()
    this.#onDefined()
  }

  async catalogue(): Promise<ReadonlyMap<string, string | null>> {
    return (await this.#catalogue.get()).items
  }

  async #readCatalogue(previous: Catalogue | null): Promise<Catalogue> {
    // Every write of a row gives it a newer xmin, in whatever order transactions end; a time could miss one.
    const [row] = await this.#database.query<{ count: string; version: string }>(
      `SELECT count(*) AS count, count(*) || ' ' || coalesce(sum(xmin::text::bigint), 0) AS version FROM item`,
      [],
      'items-version',
    )
    const version = row?.version ?? ''
    if (previous?.version === version) return previous
    const rows = await this.#database.query<{ id: string; category: string | null }>(
      'SELECT id, category FROM item WHERE available',
      [],
      'items-catalogue',
    )
    const items = new Map(rows.map(({ id, category }) => [id, category]))
    const whole = Number(row?.count) <= KEPT_ITEMS ? await this.#readItems() : null
    return { version, items, whole, kept: new LRUCache({ max: KEPT_ITEMS }) }
  }

  async #readItems(): Promise<ReadonlyMap<string, Item>> {
    const rows = await this.#database.query<ItemRow>(
      `SELECT ${ITEM_COLUMNS} FROM item`,
      [],
      'items-all',
    )
    return new Map(rows.map((row) => [row.id, itemOf(row)]))
  }
}

const ITEM_COLUMNS = 'id, title, category, price, available, attributes, updated_at'

interface ItemRow extends Omit<Item, 'updatedAt'> {
  readonly updated_at: Date
}

function itemOf({ updated_at, ...item }: ItemRow): Item {
  return { ...item, updatedAt: updated_at.getTime() }
}
