import type { ClientStore } from '../../domain/access/principal.ts'
import type { DayKeys } from '../../domain/audit/day-keys.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Pseudonyms } from '../../domain/privacy/pseudonym.ts'
import { PeopleByIdentifier } from '../../domain/profiles/people-by-identifier.ts'
import type { PersonRecords } from '../../domain/profiles/person-records.ts'
import type { ProfileStore } from '../../domain/profiles/profile-store.ts'
import type { RecommendationStore } from '../../domain/recommendations/recommender.ts'
import type { SegmentStore } from '../../domain/segments/segment-store.ts'
import { NOBODY } from '../../kernel/ids.ts'
import { AUDIT_AUDIENCE, type Audiences } from '../scope/audiences.ts'
import type { Scope } from '../scope/scope.ts'
import { CatalogueDoor } from './catalogue-door.ts'
import { ConsentDoor, noticesNow } from './consent-door.ts'
import type { CountDesk } from './count-desk.ts'
import { CountDoor } from './count-door.ts'
import { Cursors } from './cursor.ts'
import { DerivedDoor } from './derived-door.ts'
import { DisclosureDoor, type DisclosurePorts } from './disclosure-door.ts'
import { HistoryDoor } from './history-door.ts'
import { type LookupIdentifier, settleLookup } from './look-up.ts'
import { OpenedPseudonyms } from './opened-pseudonyms.ts'
import type { Plan } from './plan.ts'
import { type PreviewAsked, PreviewDoor, type PreviewPorts } from './preview-door.ts'
import { ProfileRows } from './profile-rows.ts'
import { SearchDoor } from './search-door.ts'
import { SourceDoor } from './source-door.ts'
import { TraitDoor } from './trait-door.ts'
import type {
  ConsentChoiceView,
  ConsentRecordView,
  DisclosureView,
  NoticeView,
  Page,
  PrivacyPreviewView,
  ProfileView,
} from './views.ts'

/** What the doors need, the same for all requests. */
export interface DisclosePorts {
  readonly profiles: ProfileStore
  readonly segments: SegmentStore
  readonly recommendations: RecommendationStore
  readonly clients: ClientStore
  readonly keys: KeyStore
  readonly dayKeys: DayKeys
  readonly trail: DisclosurePorts
  readonly past: Pick<PreviewPorts, 'versions' | 'people'>
  readonly records: PersonRecords
}

/** Things made once per process from the ports: ciphers of audiences, cursor key. */
export class DiscloseDesk {
  readonly ports: DisclosePorts
  readonly cursors: Cursors
  readonly people: PeopleByIdentifier
  readonly audiences: Audiences
  readonly counts: CountDesk

  constructor(ports: DisclosePorts, audiences: Audiences, counts: CountDesk) {
    this.ports = ports
    this.cursors = new Cursors(ports.keys.installationKey('cursor'))
    this.people = new PeopleByIdentifier(ports.profiles, ports.keys.installationKey('blind-index'))
    this.audiences = audiences
    this.counts = counts
  }

  pseudonymsOf(audience: string): Pseudonyms {
    return this.audiences.of(audience)
  }

  /** The doors of one request. */
  open(scope: Scope, plan: Plan): Disclose {
    return new Disclose(this, scope, plan)
  }
}

/** How data leaves, for one request: every answer about a person comes out of here. */
export class Disclose {
  readonly history: HistoryDoor
  readonly derived: DerivedDoor
  readonly traits: TraitDoor
  readonly lists: SearchDoor
  readonly catalogue: CatalogueDoor
  readonly counts: CountDoor
  readonly #desk: DiscloseDesk
  readonly #scope: Scope
  readonly #plan: Plan
  readonly #rows: ProfileRows
  readonly #names: Pseudonyms
  readonly #pseudonyms: OpenedPseudonyms

  constructor(desk: DiscloseDesk, scope: Scope, plan: Plan) {
    const { profiles: store, segments, recommendations, keys } = desk.ports
    const { cursors } = desk
    this.#desk = desk
    this.#scope = scope
    this.#plan = plan
    // Asked once: an answer never holds pseudonyms of two epochs.
    this.#names = desk.pseudonymsOf(scope.grant.audience)
    this.#pseudonyms = new OpenedPseudonyms(this.#names)
    const pseudonyms = this.#pseudonyms
    this.#rows = new ProfileRows(scope, plan, { store, segments, keys, pseudonyms })
    this.history = new HistoryDoor(plan, this.#rows, { store, cursors })
    this.catalogue = new CatalogueDoor(plan, { segments, recommendations, cursors })
    const { audiences, counts } = desk
    this.counts = new CountDoor(scope, plan, { store, segments, audiences, desk: counts })
    this.derived = new DerivedDoor(scope, plan, this.#rows, this.catalogue, {
      segments,
      recommendations,
    })
    this.traits = new TraitDoor(scope, plan, this.#rows, keys)
    this.lists = new SearchDoor(scope, plan, this.#rows, { store, segments, cursors })
  }

  /** The epoch of all pseudonyms in this answer. */
  get epoch(): number {
    return this.#names.epoch
  }

  /** After a change: rows are read again, so that nothing is shown as it was before. */
  afresh(): this {
    this.#rows.forget()
    return this
  }

  /** The person or visitor whom this request acts for; null where it acts for nobody. */
  async me(): Promise<ProfileView | null> {
    const { subject } = this.#scope.principal
    return subject === null ? null : await this.#rows.view(subject)
  }

  /**
   * By the pseudonym of this caller's audience; unknown, foreign and hidden ones are all null.
   * @param asked the argument that it was named by: a stream goes on with another one when the epoch has changed.
   */
  async profile(id: string, asked = id): Promise<ProfileView | null> {
    const subject = this.#pseudonyms.open(id)
    const view = subject === null ? null : await this.#rows.view(subject)
    if (view) this.#scope.named.add(asked)
    return view
  }

  /** As `profile`, of somebody who entered or left a segment: null also where that may not be told. */
  async profileIn(key: string, id: string): Promise<ProfileView | null> {
    const subject = this.#pseudonyms.open(id)
    return subject === null ? null : await this.derived.profileIn(key, subject)
  }

  /** As `profile`, of each. */
  async profiles(ids: readonly string[]): Promise<(ProfileView | null)[]> {
    const views = await this.#rows.views(ids.map((id) => this.#pseudonyms.open(id)))
    for (const [at, id] of ids.entries()) if (views[at]) this.#scope.named.add(id)
    return views
  }

  /** Who saw what of somebody, when and why: of the person acted for where nobody is named. Null where that may not be told. */
  async disclosuresOf(
    id: string | null,
    page: { first: number | null; after: string | null },
  ): Promise<Page<DisclosureView> | null> {
    const view = id === null ? await this.me() : await this.profile(id)
    if (view === null) return null
    const { ports, cursors } = this.#desk
    const actors = this.#desk.pseudonymsOf(AUDIT_AUDIENCE)
    const door = new DisclosureDoor(this.#plan, this.#rows, { ...ports, cursors, actors })
    return await door.of(view, page)
  }

  /** What a caller would see of somebody, now and at another time or under another policy. Null where that may not be told. */
  async preview(id: string, asked: PreviewAsked): Promise<PrivacyPreviewView | null> {
    const view = await this.profile(id)
    if (view === null) return null
    const { clients, trail, past } = this.#desk.ports
    const ports = { clients, log: trail.log, ...past }
    return await new PreviewDoor(this.#scope, this.#plan.policy, this.#rows, ports).of(view, asked)
  }

  /** A person's consents: of the person acted for where nobody is named. */
  async consentsOf(id: string | null): Promise<readonly ConsentChoiceView[] | null> {
    const view = await this.#personOf(id)
    return view && (await this.#consents().choicesOf(view))
  }

  async consentHistoryOf(
    id: string | null,
    page: { first: number | null; after: string | null },
  ): Promise<Page<ConsentRecordView> | null> {
    const view = await this.#personOf(id)
    return view && (await this.#consents().historyOf(view, page))
  }

  async consentReceiptOf(
    id: string | null,
    record: string,
  ): Promise<Readonly<Record<string, unknown>> | null> {
    const view = await this.#personOf(id)
    return view && (await this.#consents().receiptOf(view, record))
  }

  /** What people are shown before they decide, as of now; nothing of it is about anybody. */
  notices(language: string | null): readonly NoticeView[] {
    return noticesNow(this.#plan.policy, this.#scope.now, language)
  }

  /** What came in about people, for whoever makes a package. */
  sources(): SourceDoor {
    return new SourceDoor(this.#scope, this.#plan, this.#rows, this.#desk.ports)
  }

  async #personOf(id: string | null): Promise<ProfileView | null> {
    return id === null ? await this.me() : await this.profile(id)
  }

  #consents(): ConsentDoor {
    const { ports, cursors, audiences } = this.#desk
    const ids = audiences.consentsOf(this.#names)
    return new ConsentDoor(this.#plan, this.#rows, { store: ports.profiles, cursors, ids })
  }

  /** By identifier, within the caller's look-up rules and daily budget; a miss costs and looks like a hit that may not be told. */
  async profileBy(identifier: LookupIdentifier): Promise<ProfileView | null> {
    const { kind, value } = await settleLookup(this.#scope, this.#desk.ports.clients, identifier)
    const subject = await this.#desk.people.find(kind, value)
    this.#scope.identifiers.set(identifier.value, { value, subject })
    return await this.#rows.view(subject ?? NOBODY)
  }
}
