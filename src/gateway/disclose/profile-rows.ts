import DataLoader from 'dataloader'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { ProfileStore } from '../../domain/profiles/profile-store.ts'
import type { ReadColumn, ReadRow } from '../../domain/profiles/read-model.ts'
import type { SegmentStore } from '../../domain/segments/segment-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Scope } from '../scope/scope.ts'
import type { Draft } from './draft.ts'
import type { OpenedPseudonyms } from './opened-pseudonyms.ts'
import type { Plan } from './plan.ts'
import type { StateDecisions } from './state-decisions.ts'
import { disclose } from './steps.ts'
import type { ProfileView } from './views.ts'

/** A row that has passed the door, as the other doors of the same request use it. */
export interface DisclosedRow {
  readonly row: ReadRow
  readonly decisions: StateDecisions
  readonly ref: string
  readonly id: string
}

const UNLIMITED: Draft['defined'] = new Map()

/** The rows of one request: loaded in batches, disclosed once each. Lives and dies with its Scope. */
export class ProfileRows {
  readonly #scope: Scope
  readonly #plan: Plan
  readonly #store: ProfileStore
  readonly #segments: SegmentStore
  readonly #keys: KeyStore
  readonly #pseudonyms: OpenedPseudonyms
  readonly #loader: DataLoader<SubjectId, ProfileView | null>
  readonly #disclosed: DisclosedRow[] = []
  readonly #extra = new Map<string, DataLoader<SubjectId, ReadRow | null>>()

  constructor(
    scope: Scope,
    plan: Plan,
    ports: {
      store: ProfileStore
      segments: SegmentStore
      keys: KeyStore
      pseudonyms: OpenedPseudonyms
    },
  ) {
    this.#scope = scope
    this.#plan = plan
    this.#store = ports.store
    this.#segments = ports.segments
    this.#keys = ports.keys
    this.#pseudonyms = ports.pseudonyms
    this.#loader = new DataLoader(async (ids) => {
      // Memberships decide who is seen: what time has changed of them has to hold.
      if (plan.grant.segments !== null) await ports.store.refreshDue(scope.now)
      const rows = await ports.store.load(ids, plan.columns)
      const defined = await this.#ready(rows.values())
      const views = ids.map((id) => this.#view(rows.get(id), defined))
      const untold = ids.filter((id, at) => views[at] === null && id !== scope.principal.subject)
      if (untold.length === 0) return views
      scope.missed = true
      // One that may not be known must take as long as one that does not exist.
      if (untold.every((id) => rows.has(id))) await ports.store.missOnce(plan.columns)
      return views
    })
  }

  /** The profile as this caller may see it; null where it does not exist or the caller may not know of it. */
  view(id: SubjectId): Promise<ProfileView | null> {
    return this.#loader.load(id)
  }

  /** As `view`, of each; null where nobody is named. */
  async views(ids: readonly (SubjectId | null)[]): Promise<(ProfileView | null)[]> {
    return await Promise.all(ids.map((id) => (id === null ? null : this.#loader.load(id))))
  }

  /** Rows are loaded again when they are asked for next. */
  forget(): void {
    this.#loader.clearAll()
    this.#extra.clear()
  }

  /** Rows that a list has loaded already. */
  async disclose(rows: readonly ReadRow[]): Promise<(ProfileView | null)[]> {
    const defined = await this.#ready(rows)
    return rows.map((row) => this.#view(row, defined))
  }

  /** What has been disclosed under a view's handle. */
  at(view: ProfileView): DisclosedRow {
    const found = this.#disclosed[view.handle]
    if (!found) throw new Error('a view of another request')
    return found
  }

  /** Further columns of a row that has been disclosed: for fields whose columns depend on their arguments. */
  async extra(id: SubjectId, columns: readonly ReadColumn[]): Promise<ReadRow | null> {
    const key = [...columns].sort().join(' ')
    let loader = this.#extra.get(key)
    if (!loader) {
      const wanted = new Set(columns)
      loader = new DataLoader(async (ids) => {
        const rows = await this.#store.load(ids, wanted)
        return ids.map((one) => rows.get(one) ?? null)
      })
      this.#extra.set(key, loader)
    }
    return await loader.load(id)
  }

  #view(row: ReadRow | undefined, defined: Draft['defined']): ProfileView | null {
    if (!row) return null
    const draft: Draft = {
      scope: this.#scope,
      plan: this.#plan,
      keys: this.#keys,
      pseudonyms: this.#pseudonyms,
      defined,
      row,
      decisions: null,
      ref: null,
      id: '',
      groups: {},
      own: {},
    }
    if (!disclose(draft) || !draft.decisions || draft.ref === null) return null
    const handle =
      this.#disclosed.push({ row, decisions: draft.decisions, ref: draft.ref, id: draft.id }) - 1
    const {
      contact = {},
      demographics = {},
      account = {},
      activity = {},
      commerce = {},
    } = draft.groups
    const identities = (draft.own.identities ?? null) as ProfileView['identities']
    return { id: draft.id, handle, contact, demographics, account, activity, commerce, identities }
  }

  /** What the steps need besides the rows: everybody's keys, and the segments that the caller is limited to. */
  async #ready(rows: Iterable<ReadRow>): Promise<Draft['defined']> {
    for (const { subjectId } of rows) {
      if (this.#keys.auditRefOf(subjectId) !== null) continue
      // Another gateway may have added keys since this one last looked.
      await this.#keys.refresh()
      break
    }
    return this.#plan.grant.segments === null ? UNLIMITED : await this.#segments.all()
  }
}
