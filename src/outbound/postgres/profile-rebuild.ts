import { compileConsent } from '../../domain/privacy/consent.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Policy, TraitDefinition } from '../../domain/privacy/policy.ts'
import { composeRow, externalIdTraits } from '../../domain/profiles/compose.ts'
import { consentHistories } from '../../domain/profiles/consent-histories.ts'
import type { ProfileRebuilder } from '../../domain/profiles/profile-rebuilder.ts'
import { resolveTraits, type SourceRecord } from '../../domain/profiles/survivorship.ts'
import { type Tally, TallySum } from '../../domain/profiles/tally.ts'
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
import type { Clock, Instant } from '../../kernel/time.ts'
import { internConsentStates } from './consent-states.ts'
import type { Database, Queryable } from './database.ts'
import { lockPeople } from './ingest-identities.ts'
import { type RebuiltRow, removeReadRows, saveReadRows, tellChanges } from './read-model-rows.ts'
import { loadPeople, type PersonFacts } from './rebuild-facts.ts'
import { RebuildVault } from './rebuild-vault.ts'
import { readEvents, segmentsForWriting } from './segment-store.ts'

/** People of one go: a fixed number of statements each, and memory that does not grow. */
const PAGE = 1_000

/** What a rebuild reads outside of its transaction. */
export interface PreparedRebuild {
  readonly model: RecommenderModel | null
  readonly catalogue: ReadonlyMap<string, string | null>
}

/** The transaction that a rebuild is part of. It has locked the people. */
export interface RebuildScope {
  readonly tx: Queryable
  readonly now: Instant
  readonly prepared: PreparedRebuild
  readonly vault: RebuildVault
  /** Counters by home, as far as this transaction knows them already. */
  readonly tallies: Map<SubjectId, Tally>
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

  /** To be made once per transaction. */
  newVault(): RebuildVault {
    return new RebuildVault(this.#options.keys, this.#options.randomness)
  }

  async rebuild(subjects: Iterable<SubjectId>): Promise<void> {
    const { database, clock } = this.#options
    for (const page of pages([...new Set(subjects)])) {
      const prepared = await this.prepare()
      await database.transaction(async (tx) => {
        await lockPeople(tx, page)
        const scope = { tx, now: clock.now(), prepared, vault: this.newVault(), tallies: new Map() }
        await this.within(scope, page)
      })
    }
  }

  /** As `rebuild`, in a transaction that goes on. */
  async within(scope: RebuildScope, subjects: Iterable<SubjectId>): Promise<void> {
    const ids = [...new Set(subjects)]
    const rows = await scope.tx.query<{ root: SubjectId }>(
      'SELECT DISTINCT root_id AS root FROM subject WHERE id = ANY ($1::uuid[])',
      [ids],
    )
    const roots = rows.map(({ root }) => root).sort()
    const standing = new Set(roots)
    await removeReadRows(
      scope.tx,
      ids.filter((id) => !standing.has(id)),
    )
    await this.#options.keys.create(roots)
    for (const page of pages(roots)) await this.#rebuildPage(scope, page)
  }

  async #rebuildPage(scope: RebuildScope, roots: readonly SubjectId[]): Promise<void> {
    const { tx, now } = scope
    const people = await loadPeople(tx, roots, scope.tallies)
    const segments = await segmentsForWriting(tx)
    const rules = [...segments.values()].map(({ rule }) => rule)
    const events = await readEvents(tx, roots, eventNamesOf(...rules), eventsSince(rules, now))
    const rebuilt = [...people].map(([root, person]) =>
      this.#compose(scope, segments, root, person, events.get(root) ?? {}),
    )
    const states = await internConsentStates(
      tx,
      rebuilt.map(({ consent }) => consent.state),
    )
    await saveReadRows(tx, rebuilt, states, now)
    await tellChanges(tx, rebuilt, states)
  }

  #compose(
    { now, prepared, vault }: RebuildScope,
    segments: ReadonlyMap<string, Segment>,
    root: SubjectId,
    person: PersonFacts,
    events: Readonly<Record<string, readonly Instant[]>>,
  ): RebuiltRow {
    const opened = person.records.map((one) => ({ ...one, traits: vault.traitsOf(one) }))
    const winners = resolveTraits(opened, this.#traits)
    const tally = person.tallies.reduce((sum, one) => sum.add(one), new TallySum()).total()
    const composed = composeRow(winners, tally, now)
    const country = this.#vouchedCountry(opened)
    const histories = consentHistories(person.consents, person.links)
    const consent = compileConsent(histories, country, now)
    const permitted = profilingOf(this.#options.policy, consent.state)
    const profiled = readable(composed.interactions, permitted, now)
    return {
      ...composed,
      root,
      person,
      consent,
      standing: membershipsOf(segments.values(), factsOf(composed.groups, events), now),
      recommended: recommendedFor(prepared.model, prepared.catalogue, profiled),
      sealed: vault.sealedFor(root, composed.vault, person.records),
    }
  }

  /**
   * The country that decides how consent works: only from sources whose word counts. Otherwise a browser could turn
   * opt-in into opt-out by naming another country.
   */
  #vouchedCountry(records: readonly SourceRecord[]): string | null {
    const { sources } = this.#options.policy
    const vouched = records.flatMap((record) => {
      const { country } = record.traits
      return sources.get(record.source)?.verified && country !== undefined
        ? [{ ...record, traits: { country } }]
        : []
    })
    const country = resolveTraits(vouched, this.#traits).get('country')?.value
    return country === undefined ? null : String(country)
  }
}

function* pages(subjects: readonly SubjectId[]): Generator<readonly SubjectId[]> {
  for (let start = 0; start < subjects.length; start += PAGE)
    yield subjects.slice(start, start + PAGE)
}
