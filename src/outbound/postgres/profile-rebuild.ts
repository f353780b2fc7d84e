import { compileConsent } from '../../domain/privacy/consent.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Policy, TraitDefinition } from '../../domain/privacy/policy.ts'
import { open, seal } from '../../domain/privacy/seal.ts'
import {
  type ComposedProfile,
  composeRow,
  externalIdTraits,
} from '../../domain/profiles/compose.ts'
import { consentHistories } from '../../domain/profiles/consent-histories.ts'
import type { TraitValue } from '../../domain/profiles/normalise.ts'
import type { ProfileRebuilder } from '../../domain/profiles/profile-rebuilder.ts'
import { resolveTraits, type SourceRecord } from '../../domain/profiles/survivorship.ts'
import { TallySum } from '../../domain/profiles/tally.ts'
import { profilingOf, readable } from '../../domain/recommendations/profiling.ts'
import { recommendedFor } from '../../domain/recommendations/recommend.ts'
import type {
  RecommendationStore,
  RecommenderModel,
} from '../../domain/recommendations/recommender.ts'
import { eventNamesOf, eventsSince, factsOf } from '../../domain/segments/facts.ts'
import { membershipsOf } from '../../domain/segments/memberships.ts'
import type { Segment } from '../../domain/segments/rule.ts'
import type { Randomness, SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock, Instant } from '../../kernel/time.ts'
import { internConsentStates } from './consent-states.ts'
import type { Database, Queryable } from './database.ts'
import { lockPeople } from './ingest-identities.ts'
import { type RebuiltRow, removeReadRows, saveReadRows, tellChanges } from './read-model-rows.ts'
import { type HeldRecord, loadPeople, type PersonFacts } from './rebuild-facts.ts'
import { readEvents, segmentsForWriting } from './segment-store.ts'

/** People of one go: a fixed number of statements each, and memory that does not grow. */
const PAGE = 1_000

/** What a rebuild reads outside of its transaction. */
export interface PreparedRebuild {
  readonly model: RecommenderModel | null
  readonly catalogue: ReadonlyMap<string, string | null>
}

export interface ProfileRebuildOptions {
  readonly database: Database
  readonly policy: Policy
  readonly keys: KeyStore
  readonly recommendations: Pick<RecommendationStore, 'model' | 'catalogue'>
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Composes read-model rows from what sources said, what was counted and what people decided. */
export class ProfileRebuild implements ProfileRebuilder {
  readonly #options: ProfileRebuildOptions
  readonly #traits: { traits: ReadonlyMap<string, TraitDefinition>; sources: Policy['sources'] }

  constructor(options: ProfileRebuildOptions) {
    this.#options = options
    const { traits, sources } = options.policy
    this.#traits = { traits: new Map([...traits, ...externalIdTraits]), sources }
  }

  /** To be called before the transaction begins: the stores it asks have sessions of their own. */
  async prepare(): Promise<PreparedRebuild> {
    const { recommendations } = this.#options
    const model = await recommendations.model()
    return { model, catalogue: model === null ? new Map() : await recommendations.catalogue() }
  }

  async rebuild(subjects: Iterable<SubjectId>): Promise<void>
  /** In a transaction that has locked these people. */
  async rebuild(
    subjects: Iterable<SubjectId>,
    within: { tx: Queryable; now: Instant; prepared: PreparedRebuild },
  ): Promise<void>
  async rebuild(
    subjects: Iterable<SubjectId>,
    within?: { tx: Queryable; now: Instant; prepared: PreparedRebuild },
  ): Promise<void> {
    for (const page of pages([...new Set(subjects)])) {
      if (within) await this.#rebuildPage(within.tx, page, within.now, within.prepared)
      else {
        const prepared = await this.prepare()
        await this.#options.database.transaction(async (tx) => {
          await lockPeople(tx, page)
          await this.#rebuildPage(tx, page, this.#options.clock.now(), prepared)
        })
      }
    }
  }

  async #rebuildPage(
    tx: Queryable,
    subjects: readonly SubjectId[],
    now: Instant,
    prepared: PreparedRebuild,
  ): Promise<void> {
    const rows = await tx.query<{ root: SubjectId }>(
      'SELECT DISTINCT root_id AS root FROM subject WHERE id = ANY ($1::uuid[])',
      [subjects],
    )
    const roots = rows.map(({ root }) => root).sort()
    const standing = new Set(roots)
    const former = subjects.filter((id) => !standing.has(id))
    await removeReadRows(tx, former)
    const people = await loadPeople(tx, roots)
    await this.#options.keys.create(roots)
    const segments = await segmentsForWriting(tx)
    const rules = [...segments.values()].map(({ rule }) => rule)
    const events = await readEvents(tx, roots, eventNamesOf(...rules), eventsSince(rules, now))
    const rebuilt = [...people].map(([root, person]) =>
      this.#compose(root, person, { segments, events: events.get(root) ?? {}, prepared, now }),
    )
    const states = await internConsentStates(
      tx,
      rebuilt.map(({ consent }) => consent.state),
    )
    await saveReadRows(tx, rebuilt, states, now)
    await tellChanges(tx, rebuilt, states, former)
  }

  #compose(
    root: SubjectId,
    person: PersonFacts,
    given: {
      segments: ReadonlyMap<string, Segment>
      events: Readonly<Record<string, readonly Instant[]>>
      prepared: PreparedRebuild
      now: Instant
    },
  ): RebuiltRow {
    const { now, prepared } = given
    const winners = resolveTraits(
      person.records.map((record) => this.#opened(record)),
      this.#traits,
    )
    const tally = person.tallies.reduce((sum, one) => sum.add(one), new TallySum()).total()
    const composed = composeRow(winners, tally, now)
    const country = winners.get('country')?.value
    const histories = consentHistories(person.consents, person.links)
    const consent = compileConsent(histories, country === undefined ? null : String(country), now)
    const permitted = profilingOf(this.#options.policy, consent.state)
    const profiled = readable(composed.interactions, permitted, now)
    return {
      ...composed,
      root,
      person,
      consent,
      standing: membershipsOf(given.segments.values(), factsOf(composed.groups, given.events), now),
      recommended: recommendedFor(prepared.model, prepared.catalogue, profiled, now),
      sealed: this.#sealed(root, composed.vault),
    }
  }

  #opened(record: HeldRecord): SourceRecord {
    const traits: Record<string, TraitValue> = { ...record.traits }
    const categories = Object.entries(record.sealed)
    if (categories.length === 0) return record
    const key = this.#keyOf(record.home)
    for (const [category, sealed] of categories) {
      const plain = open(key, [record.home, category], Buffer.from(sealed, 'base64'))
      Object.assign(traits, JSON.parse(plain.toString('utf8')))
    }
    return { ...record, traits }
  }

  #sealed(root: SubjectId, vault: ComposedProfile['vault']): ReadonlyMap<string, Buffer> {
    if (vault.size === 0) return new Map()
    const key = this.#keyOf(root)
    return new Map(
      [...vault].map(([category, values]) => [
        category,
        seal(key, [root, category], JSON.stringify(values), this.#options.randomness),
      ]),
    )
  }

  #keyOf(subject: SubjectId): Uint8Array {
    const key = this.#options.keys.dataKeyOf(subject)
    if (!key) throw new Refusal('KEYS_UNAVAILABLE', 'The key of a person is not there.')
    return key
  }
}

function* pages(subjects: readonly SubjectId[]): Generator<readonly SubjectId[]> {
  for (let start = 0; start < subjects.length; start += PAGE)
    yield subjects.slice(start, start + PAGE)
}
