import { type MemberLists, memberListOf } from '../../domain/audit/member-lists.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { ProfileStore } from '../../domain/profiles/profile-store.ts'
import { ModelFit } from '../../domain/recommendations/model-fit.ts'
import { PROFILING, profilingOf, readable } from '../../domain/recommendations/profiling.ts'
import { recommendedFor } from '../../domain/recommendations/recommend.ts'
import type {
  RecommendationStore,
  RecommenderInput,
} from '../../domain/recommendations/recommender.ts'
import { type Clock, DAY, type Instant, isoInstant } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'

/** A model is fitted anew after a day even if nobody came: consents that ended by time leave it then. */
const OLDEST_MODEL = DAY

/** What one fit has done. */
export interface FitReport {
  readonly model: number
  /** People whose interactions were read. */
  readonly members: number
  /** People whose lists were renewed. */
  readonly renewed: number
}

/** What a fit works with. */
export interface FitParts {
  readonly recommendations: RecommendationStore
  readonly profiles: ProfileStore
  readonly memberLists: MemberLists
  readonly keys: KeyStore
  readonly policy: Policy
  readonly recorder: Recorder
  readonly clock: Clock
  /** Lets other work of the process go on; awaited again and again. */
  readonly pause: () => Promise<void>
}

/** Interned consent states that permit profiling, and what each permits. */
type Permissions = ReadonlyMap<number, RecommenderInput>

/**
 * Fitting a model discloses people's interactions to the purpose PROFILING, through the same door as everything else:
 * consent decides whose are read, and one entry, which names all of them by the hash of a list, is durable before the
 * model is.
 */
export class Fit {
  readonly #parts: FitParts

  constructor(parts: FitParts) {
    this.#parts = parts
  }

  /** Fits now and renews everybody's lists; null where another gateway is at it. */
  async run(): Promise<FitReport | null> {
    return await this.#parts.recommendations.fitAlone(() => this.#fit())
  }

  /** Fits if there is no model, if anybody's data changed since the last one, or if it is a day old. */
  async runIfDue(): Promise<FitReport | null> {
    const { recommendations, clock } = this.#parts
    return await recommendations.fitAlone(async () => {
      const model = await recommendations.model()
      const isDue =
        model === null ||
        clock.now() - model.fittedAt >= OLDEST_MODEL ||
        (await recommendations.changedSince(model.fittedAt))
      return isDue ? await this.#fit() : null
    })
  }

  async #fit(): Promise<FitReport> {
    const { recommendations, profiles, clock } = this.#parts
    const now = clock.now()
    await profiles.refreshDue(now)
    const permissions = await this.#permissions()
    const { fit, refs } = await this.#read(permissions, now)
    const fitted = await fit.finish(this.#parts.pause)
    await this.#record(refs, now)
    const model = await recommendations.saveModel(fitted)
    const renewed = await this.#renewLists(permissions, model)
    return { model, members: refs.length, renewed }
  }

  async #permissions(): Promise<Permissions> {
    const permissions = new Map<number, RecommenderInput>()
    for (const [id, state] of await this.#parts.profiles.consentStates()) {
      const permitted = profilingOf(this.#parts.policy, state)
      if (permitted !== null) permissions.set(id, permitted)
    }
    return permissions
  }

  /** Whoever has no reference on the trail (keys destroyed) is not read: nobody could be told of it. */
  async #read(
    permissions: Permissions,
    now: Instant,
  ): Promise<{ fit: ModelFit; refs: readonly string[] }> {
    const { recommendations, keys } = this.#parts
    await keys.refresh()
    const fit = new ModelFit(now)
    const refs: string[] = []
    for await (const page of recommendations.interactions([...permissions.keys()]))
      for (const { subjectId, state, interactions } of page) {
        const permitted = permissions.get(state)
        const ref = keys.auditRefOf(subjectId)
        if (permitted === undefined || ref === null || interactions.length === 0) continue
        refs.push(ref)
        fit.add(readable(interactions, permitted, now), permitted)
      }
    return { fit, refs }
  }

  async #record(refs: readonly string[], now: Instant): Promise<void> {
    const { recorder, memberLists } = this.#parts
    const list = memberListOf(refs)
    const entryId = await recorder.recordAction(
      {
        action: 'fit-recommender',
        snapshot: isoInstant(now),
        members: list.size,
        membersSha256: Buffer.from(list.sha256).toString('hex'),
      },
      { purpose: PROFILING },
    )
    await memberLists.save(entryId, list)
  }

  /** Lists of people who no longer permit profiling go first. */
  async #renewLists(permissions: Permissions, id: number): Promise<number> {
    const { recommendations, clock } = this.#parts
    const states = [...permissions.keys()]
    await recommendations.clearRecommended(states)
    const model = await recommendations.model()
    const catalogue = await recommendations.catalogue()
    let renewed = 0
    for await (const page of recommendations.interactions(states, id)) {
      const now = clock.now()
      await recommendations.saveRecommended(
        page.map((of) => {
          const own = readable(of.interactions, permissions.get(of.state) ?? null, now)
          return { of, lists: recommendedFor(model, catalogue, own) }
        }),
      )
      renewed += page.length
      await this.#parts.pause()
    }
    return renewed
  }
}
