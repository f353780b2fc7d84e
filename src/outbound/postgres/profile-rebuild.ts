import { parseVector } from '../../domain/privacy/consent-vector.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import {
  type ComposedProfile,
  composeRow,
  countedOf,
  externalIdTraits,
} from '../../domain/profiles/compose.ts'
import { consentOfPerson } from '../../domain/profiles/person-consent.ts'
import type { ProfileRebuilder } from '../../domain/profiles/profile-rebuilder.ts'
import { resolveTraits } from '../../domain/profiles/survivorship.ts'
import { sumOf, type Tally } from '../../domain/profiles/tally.ts'
import { profilingOf, readable } from '../../domain/recommendations/profiling.ts'
import { recommendedFor } from '../../domain/recommendations/recommend.ts'
import type {
  RecommendationStore,
  RecommenderInput,
  RecommenderModel,
} from '../../domain/recommendations/recommender.ts'
import { eventNamesOf, eventsSince, factsOf } from '../../domain/segments/facts.ts'
import { membershipsOf, NO_STANDING } from '../../domain/segments/memberships.ts'
import type { Segment } from '../../domain/segments/rule.ts'
import type { Randomness, SubjectId } from '../../kernel/ids.ts'
import type { Clock, Instant } from '../../kernel/time.ts'
import { internConsentStates } from './consent-states.ts'
import type { Database, Queryable } from './database.ts'
import { lockPeople } from './ingest-identities.ts'
import {
  lockReadRows,
  type RebuiltRow,
  type RecountedRow,
  removeReadRows,
  saveCountedRows,
  saveReadRows,
  tellChanges,
} from './read-model-rows.ts'
import { type CountedPerson, loadCounted } from './rebuild-counters.ts'
import { loadPeople, type PersonFacts } from './rebuild-facts.ts'
import { RebuildVault } from './rebuild-vault.ts'
import { readEvents, segmentsForWriting } from './segment-store.ts'

/** People of one go: a fixed number of statements each, and memory that does not grow. */
const PAGE = 2_000
/** Rows written while the next ones are composed: the server and this process work at the same time. */
const SLICE = 250

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
  readonly tallies: ReadonlyMap<SubjectId, Tally>
  /** Whether nothing but counters can have changed of this home in this transaction. */
  readonly countersOnly: (home: SubjectId) => boolean
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
  readonly #traits: Pick<Policy, 'traits' | 'sources' | 'notices'>

  constructor(options: ProfileRebuildOptions) {
    this.#options = options
    const { traits, sources, notices } = options.policy
    this.#traits = { traits: new Map([...traits, ...externalIdTraits]), sources, notices }
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
    for (const page of pages([...new Set(subjects)], PAGE)) {
      const prepared = await this.prepare()
      await database.transaction(async (tx) => {
        await lockPeople(tx, page)
        const scope = {
          tx,
          now: clock.now(),
          prepared,
          vault: this.newVault(),
          tallies: new Map(),
          countersOnly: () => false,
        }
        await this.within(scope, page)
      })
    }
  }

  /** As `rebuild`, in a transaction that goes on. */
  async within(scope: RebuildScope, subjects: Iterable<SubjectId>): Promise<void> {
    const ids = [...new Set(subjects)]
    const homes = await scope.tx.query<{ home: SubjectId; root: SubjectId }>(
      'SELECT id AS home, root_id AS root FROM subject WHERE id = ANY ($1::uuid[])',
      [ids],
    )
    const rootOf = new Map(homes.map(({ home, root }) => [home, root]))
    const roots = [...new Set(rootOf.values())].sort()
    const standing = new Set(roots)
    await removeReadRows(
      scope.tx,
      ids.filter((id) => !standing.has(id)),
    )
    await this.#options.keys.create(roots)
    for (const page of pages(roots, PAGE)) await this.#rebuildPage(scope, page, rootOf)
  }

  async #rebuildPage(
    scope: RebuildScope,
    roots: readonly SubjectId[],
    rootOf: ReadonlyMap<SubjectId, SubjectId>,
  ): Promise<void> {
    const { tx, now, tallies } = scope
    const segments = await segmentsForWriting(tx)
    const before = await lockReadRows(tx, roots)
    const changed = new Set<SubjectId>()
    for (const [home, root] of rootOf) if (!scope.countersOnly(home)) changed.add(root)
    const unchanged = [...before.keys()].filter((root) => !changed.has(root))
    const counted = await loadCounted(tx, unchanged, rootOf, tallies, now)
    const others = roots.filter((root) => !counted.has(root))
    const people = await loadPeople(tx, others, tallies)
    const derive = await this.#derivation(scope, segments, roots)
    await inSlices(
      [...people],
      ([root, person]) => this.#compose(scope, root, person, derive),
      async (rows) => {
        const states = await internConsentStates(
          tx,
          rows.map(({ consent }) => consent.state),
        )
        await saveReadRows(tx, rows, states, now)
        await tellChanges(tx, rows, before, states)
      },
    )
    await inSlices(
      [...counted],
      ([root, person]) => recounted(root, person, derive),
      async (rows) => {
        await saveCountedRows(tx, rows, now)
        await tellChanges(tx, rows, before)
      },
    )
  }

  /** Segments and recommendations of these people, once it is known what they are derived from. */
  async #derivation(
    { tx, now, prepared }: RebuildScope,
    segments: ReadonlyMap<string, Segment>,
    roots: readonly SubjectId[],
  ): Promise<Derive> {
    const rules = [...segments.values()].map(({ rule }) => rule)
    const events = await readEvents(tx, roots, eventNamesOf(...rules), eventsSince(rules, now))
    const permitted = new Map<string, RecommenderInput | null>()
    return (root, { groups, interactions }, consentState) => {
      if (!permitted.has(consentState))
        permitted.set(consentState, profilingOf(this.#options.policy, consentState))
      const profiled = readable(interactions, permitted.get(consentState) ?? null, now)
      return {
        standing: parseVector(consentState).restricted
          ? NO_STANDING
          : membershipsOf(segments.values(), factsOf(groups, events.get(root) ?? {}), now),
        recommended: recommendedFor(prepared.model, prepared.catalogue, profiled),
      }
    }
  }

  #compose(
    { now, vault }: RebuildScope,
    root: SubjectId,
    person: PersonFacts,
    derive: Derive,
  ): RebuiltRow {
    const opened = person.records.map((one) => ({ ...one, traits: vault.traitsOf(one) }))
    const winners = resolveTraits(opened, this.#traits)
    const composed = composeRow(winners, sumOf(person.tallies), now)
    const consent = consentOfPerson({ ...person, records: opened }, this.#traits, now)
    return {
      ...composed,
      ...derive(root, composed, consent.state),
      root,
      consent,
      isPerson: person.isPerson,
      sealed: vault.sealedFor(root, composed.vault, person.records),
    }
  }
}

type Derive = (
  root: SubjectId,
  from: Pick<ComposedProfile, 'groups' | 'interactions'>,
  consentState: string,
) => Pick<RebuiltRow, 'standing' | 'recommended'>

function recounted(root: SubjectId, person: CountedPerson, derive: Derive): RecountedRow {
  const { activity, commerce, interactions } = countedOf(sumOf(person.tallies))
  const groups = {
    ...person.groups,
    commerce,
    activity: { ...person.groups.activity, ...activity },
  }
  const derived = derive(root, { groups, interactions }, person.consentState)
  return { root, activity: groups.activity, commerce, interactions, ...derived }
}

/** Composes a slice while the one before is being saved. */
async function inSlices<P, R>(
  people: readonly P[],
  compose: (person: P) => R,
  save: (rows: readonly R[]) => Promise<void>,
): Promise<void> {
  let saved: Promise<void> = Promise.resolve()
  try {
    for (const slice of pages(people, SLICE)) {
      const rows = slice.map(compose)
      await saved
      saved = save(rows)
      // Whoever waits for the next slice is told; until then nobody listens.
      saved.catch(() => {})
    }
  } finally {
    // Nothing of a transaction may be under way when it ends, for better or worse.
    await saved
  }
}

function* pages<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size)
}
