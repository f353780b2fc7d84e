import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { seal } from '../../domain/privacy/seal.ts'
import type {
  BatchOrigin,
  ChunkIds,
  IngestTransaction,
  KnownIds,
  StoredConsent,
  StoredEvent,
  StoredItem,
  StoredRecord,
  Vault,
} from '../../domain/profiles/ingest-store.ts'
import { Resolution } from '../../domain/profiles/resolution.ts'
import { withoutSuppressed } from '../../domain/profiles/suppression.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Instant } from '../../kernel/time.ts'
import type { ConsentEntry, Entry, EventEntry, ItemEntry, ProfileEntry } from './entry.ts'
import { mapInTurns, type Pause } from './in-turns.ts'
import { suppressions } from './suppressed.ts'

export interface ChunkContext {
  readonly origin: BatchOrigin
  readonly verified: boolean
  readonly subject: SubjectId | null
  readonly now: Instant
  readonly keys: KeyStore
  readonly randomness: Randomness
  readonly pause: Pause
}

type PersonalEntry = Exclude<Entry, ItemEntry>

interface Filed {
  /** As it came in; `entry` names suppressed devices no more. */
  readonly told: PersonalEntry
  readonly entry: PersonalEntry
  readonly home: SubjectId
}

/** What became of each entry: a duplicate, about somebody erased, an item, or a row of the person with this root. */
export type Fate = 'duplicate' | 'suppressed' | 'item' | { readonly subject: SubjectId }

/**
 * Writes the entries of one chunk in one transaction: drop what was taken before, find whose the rest is, make keys,
 * seal, store, count, and compose the rows of everybody concerned.
 */
export async function writeChunk(
  tx: IngestTransaction,
  entries: readonly Entry[],
  context: ChunkContext,
): Promise<readonly Fate[]> {
  const known = await tx.knownIds(context.origin.source, idsOf(entries))
  const isNew = newcomers(known)
  const fresh = entries.map(isNew)
  const items = entries.filter(
    (entry, i): entry is ItemEntry => entry.type === 'item' && fresh[i] === true,
  )
  const personal = entries.filter(
    (entry, i): entry is PersonalEntry => entry.type !== 'item' && fresh[i] === true,
  )
  await tx.saveItems(
    context.origin,
    items.map(({ item }) => item),
    context.now,
  )
  const { filed, resolution } = await resolve(tx, personal, known, context)
  if (filed.length > 0) {
    await makeKeys(filed, resolution, context.keys)
    // Sealing takes this process about as long as the identities take the database.
    const identities = tx.saveIdentities(context.origin, resolution, context.now)
    const sealing = mapInTurns(filed, (one) => storedOf(one, context), context.pause)
    // Nothing of a transaction may be under way when it fails.
    await Promise.allSettled([identities, sealing])
    await identities
    await save(tx, await sealing, context)
    await tx.rebuild(affected(filed, resolution, known), context.now)
  }
  const homes = new Map(filed.map(({ told, home }) => [told as Entry, home]))
  return entries.map((entry, index): Fate => {
    if (!fresh[index]) return 'duplicate'
    if (entry.type === 'item') return 'item'
    const home = homes.get(entry)
    return home === undefined ? 'suppressed' : { subject: resolution.rootOf(home) }
  })
}

function idsOf(entries: readonly Entry[]): ChunkIds {
  const of = <E extends Entry>(type: E['type'], id: (entry: E) => string) =>
    entries.filter((entry): entry is E => entry.type === type).map(id)
  return {
    recordKeys: of<ProfileEntry>('profile', ({ recordKey }) => recordKey),
    messageIds: of<EventEntry>('event', ({ messageId }) => messageId),
    consentIds: of<ConsentEntry>('consent', ({ records }) => records[0].id),
    itemIds: of<ItemEntry>('item', ({ item }) => item.id),
  }
}

/** Whether an entry says something that neither the store nor an earlier entry of the chunk has said. */
function newcomers(known: KnownIds): (entry: Entry) => boolean {
  const standing = new Map([...known.records].map(([key, { contentHash }]) => [key, contentHash]))
  const items = new Map([...known.items].map(([id, item]) => [id, contentOf(item)]))
  const seen = new Set([...known.messageIds].map((id) => `event ${id}`))
  for (const id of known.consentIds) seen.add(`consent ${id}`)
  const replaces = (said: Map<string, string>, key: string, content: string) => {
    if (said.get(key) === content) return false
    said.set(key, content)
    return true
  }
  return (entry) => {
    if (entry.type === 'profile') return replaces(standing, entry.recordKey, entry.contentHash)
    if (entry.type === 'item') return replaces(items, entry.item.id, contentOf(entry.item))
    const id =
      entry.type === 'event' ? `event ${entry.messageId}` : `consent ${entry.records[0].id}`
    if (seen.has(id)) return false
    seen.add(id)
    return true
  }
}

function contentOf({ title, category, price, available, attributes }: StoredItem): string {
  // The database keeps keys in an order of its own.
  return JSON.stringify([title, category, price, available, Object.entries(attributes).sort()])
}

async function resolve(
  tx: IngestTransaction,
  entries: readonly PersonalEntry[],
  known: KnownIds,
  { verified, subject, now, keys, randomness }: ChunkContext,
): Promise<{ filed: readonly Filed[]; resolution: Resolution }> {
  const named = entries.flatMap((entry) => entry.identifiers)
  const identifiers = await tx.knownIdentifiers(named)
  const isSuppressed = await suppressions(tx, named, keys)
  const people = await tx.lockPeople([
    ...(entries.length > 0 && subject !== null ? [subject] : []),
    ...identifiers.map(({ home }) => home),
    ...[...known.records.values()].flatMap(({ homes }) => homes),
  ])
  const newIds = (count: number) =>
    Array.from({ length: count }, () => uuidV7(now, randomness)).sort()
  const resolution = new Resolution(identifiers, now, newIds)
  for (const [home, root] of people) resolution.addHome(home, root)
  if (entries.length > 0 && subject !== null && !people.has(subject))
    throw new Refusal('NOT_FOUND', 'The person acted for is not known.')
  const filed = entries.flatMap((told): Filed[] => {
    const left = withoutSuppressed(told.identifiers, isSuppressed, subject !== null)
    if (left === null) return []
    const entry = { ...told, identifiers: left }
    const key = entry.type === 'profile' ? entry.recordKey : ''
    return [{ told, entry, home: resolution.fileUnder(left, { key, verified, subject }) }]
  })
  return { filed, resolution }
}

/** Durable before anything is sealed with them, and before the transaction that needs them. */
async function makeKeys(
  filed: readonly Filed[],
  resolution: Resolution,
  keys: KeyStore,
): Promise<void> {
  const needed = new Set(filed.map(({ home }) => resolution.rootOf(home)))
  for (const { entry, home } of filed)
    if ('vault' in entry && entry.vault.size > 0) needed.add(home)
  await keys.create([...needed])
}

type Stored =
  | { readonly type: 'profile'; readonly record: StoredRecord }
  | { readonly type: 'event'; readonly event: StoredEvent }
  | { readonly type: 'consent'; readonly consents: readonly StoredConsent[] }

function storedOf({ entry, home }: Filed, context: ChunkContext): Stored {
  if (entry.type === 'profile') return { type: 'profile', record: recordOf(entry, home, context) }
  if (entry.type === 'event') return { type: 'event', event: eventOf(entry, home, context) }
  const { records, circumstances } = entry
  const how = { ...circumstances, home, recordedAt: context.now }
  return { type: 'consent', consents: records.map((record) => ({ ...record, ...how })) }
}

async function save(
  tx: IngestTransaction,
  stored: readonly Stored[],
  { origin, subject }: ChunkContext,
): Promise<void> {
  const records = new Map<string, StoredRecord>()
  for (const one of stored) {
    if (one.type !== 'profile') continue
    // Within a chunk, as later, the newest observation stands; of two equally new the later row.
    const other = records.get(one.record.recordKey)
    if (!other || other.observedAt <= one.record.observedAt)
      records.set(one.record.recordKey, one.record)
  }
  await tx.saveRecords(origin, [...records.values()])
  await tx.saveEvents(
    origin,
    stored.flatMap((one) => (one.type === 'event' ? [one.event] : [])),
  )
  // What somebody decided through their own sign-in is theirs: no undo of imported data takes it back.
  const decided = subject === null ? origin : { ...origin, id: null }
  await tx.saveConsents(
    decided,
    stored.flatMap((one) => (one.type === 'consent' ? one.consents : [])),
  )
}

function recordOf(entry: ProfileEntry, home: SubjectId, context: ChunkContext): StoredRecord {
  const { recordKey, contentHash, observedAt, traits, vault } = entry
  const sealed = sealedFor(home, vault, context)
  return {
    recordKey,
    home,
    observedAt,
    receivedAt: context.now,
    contentHash,
    traits,
    vault,
    sealed,
  }
}

function eventOf(entry: EventEntry, home: SubjectId, context: ChunkContext): StoredEvent {
  const { messageId, name, occurredAt, itemId, orderId, value, properties, vault } = entry
  const sealed = sealedFor(home, vault, context)
  return {
    messageId,
    home,
    name,
    occurredAt,
    receivedAt: context.now,
    itemId,
    orderId,
    value,
    properties: vault.size === 0 ? properties : { ...properties, [SEALED_PROPERTIES]: sealed },
  }
}

/** Key of the sealed properties of an event; in no registry, so that nobody is told it. */
const SEALED_PROPERTIES = '~sealed'

function sealedFor(
  home: SubjectId,
  vault: Vault,
  { keys, randomness }: ChunkContext,
): Readonly<Record<string, string>> {
  if (vault.size === 0) return {}
  const key = keys.dataKeyOf(home)
  if (!key) throw new Refusal('KEYS_UNAVAILABLE', 'The key of a person is not there.')
  return Object.fromEntries(
    [...vault].map(([category, values]) => [
      category,
      seal(key, [home, category], JSON.stringify(values), randomness).toString('base64'),
    ]),
  )
}

/** Everybody whose row may read differently now, those included who are somebody else's by now. */
function affected(
  filed: readonly Filed[],
  resolution: Resolution,
  known: KnownIds,
): ReadonlySet<SubjectId> {
  return new Set([
    ...filed.map(({ home }) => home),
    ...[...resolution.links.values()].flatMap(({ survivor, retired }) => [survivor, retired]),
    ...resolution.retired().map(({ former }) => former),
    ...[...known.records.values()].flatMap(({ homes }) => homes),
  ])
}
