import type { Category } from '../../domain/privacy/categories.ts'
import { eventCategory } from '../../domain/privacy/event-category.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { open } from '../../domain/privacy/seal.ts'
import { externalIdTraits } from '../../domain/profiles/compose.ts'
import type { PersonRecords, SealedValues } from '../../domain/profiles/person-records.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { FieldTreatments, Scope } from '../scope/scope.ts'
import { consentOf } from './note-disclosure.ts'
import type { Plan } from './plan.ts'
import type { DisclosedRow, ProfileRows } from './profile-rows.ts'
import type { KeptEventView, ToldValueView } from './source-views.ts'
import type { ProfileView } from './views.ts'

/** What sources sent and no registry knows: nobody uses it, and its person may still ask for it. */
const UNREGISTERED: Category = 'user.unregistered'
/** Under which it is sealed. */
const SEALED_AS = 'unregistered'
const SEALED_PROPERTIES = '~sealed'

/** What came in about a person, source by source and event by event, as far as it may be told in clear. */
export class SourceDoor {
  readonly #scope: Scope
  readonly #plan: Plan
  readonly #rows: ProfileRows
  #noted: FieldTreatments | null = null
  readonly #ports: { readonly records: PersonRecords; readonly keys: KeyStore }

  constructor(
    scope: Scope,
    plan: Plan,
    rows: ProfileRows,
    ports: { readonly records: PersonRecords; readonly keys: KeyStore },
  ) {
    this.#scope = scope
    this.#plan = plan
    this.#rows = rows
    this.#ports = ports
  }

  /** Every value of every source, whichever of them stands in the profile. */
  async toldOf(view: ProfileView): Promise<readonly ToldValueView[]> {
    const at = this.#note(view)
    const records = await this.#ports.records.recordsOf(at.row.subjectId)
    return records.flatMap(({ home, source, observedAt, receivedAt, traits, sealed }) =>
      this.#open(at, home, traits, sealed).map((value) => ({
        source,
        observedAt,
        receivedAt,
        ...value,
      })),
    )
  }

  /** All events, oldest first. */
  async eventsOf(view: ProfileView): Promise<readonly KeptEventView[]> {
    const at = this.#note(view)
    const told: KeptEventView[] = []
    for await (const page of this.#ports.records.eventsOf(at.row.subjectId))
      for (const { home, source, name, at: when, itemId, orderId, value, properties } of page) {
        if (at.decisions.decide(eventCategory(name)).treatment !== 'CLEAR') continue
        const { [SEALED_PROPERTIES]: sealed = {}, ...plain } = properties
        const opened = this.#open(at, home, plain, sealed as SealedValues)
        told.push({
          source,
          name,
          at: when,
          itemId,
          orderId,
          value,
          properties: Object.fromEntries(opened.map((one) => [one.key, one.value])),
        })
      }
    return told
  }

  #note(view: ProfileView): DisclosedRow {
    const at = this.#rows.at(view)
    const { row, decisions, ref } = at
    const { treatment } = decisions.decide(UNREGISTERED)
    this.#noted ??= [{ path: 'package.unregistered', treatment }]
    this.#scope.noteSubject(ref, this.#noted, consentOf({ row, decisions }))
    return at
  }

  #open(
    { decisions }: DisclosedRow,
    home: SubjectId,
    plain: Readonly<Record<string, unknown>>,
    sealed: SealedValues,
  ): { key: string; category: Category; value: unknown }[] {
    const key = this.#ports.keys.dataKeyOf(home)
    const opened = Object.entries(sealed).flatMap(([category, bytes]) => {
      if (key === null || decisions.decide(nameOf(category)).treatment !== 'CLEAR') return []
      const text = open(key, [home, category], Buffer.from(bytes, 'base64')).toString('utf8')
      return Object.entries(JSON.parse(text) as Record<string, unknown>)
    })
    return [...Object.entries(plain), ...opened].flatMap(([name, value]) => {
      const category = this.#categoryOf(name)
      if (decisions.decide(category).treatment !== 'CLEAR') return []
      return [{ key: name, category, value }]
    })
  }

  #categoryOf(key: string): Category {
    const definition = this.#plan.policy.traits.get(key) ?? externalIdTraits.get(key)
    return definition?.category ?? UNREGISTERED
  }
}

function nameOf(sealedAs: string): Category {
  return sealedAs === SEALED_AS ? UNREGISTERED : sealedAs
}
