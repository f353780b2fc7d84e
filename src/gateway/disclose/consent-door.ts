import { consentReceipt } from '../../domain/privacy/consent-receipt.ts'
import { parseVector, standingOf } from '../../domain/privacy/consent-vector.ts'
import { refusalOfPurpose } from '../../domain/privacy/decide.ts'
import type { KeptConsent } from '../../domain/privacy/kept-consent.ts'
import { noticeAt } from '../../domain/privacy/notices.ts'
import type { Policy, Purpose } from '../../domain/privacy/policy.ts'
import type { Pseudonyms } from '../../domain/privacy/pseudonym.ts'
import { lapsingAtRenewal } from '../../domain/privacy/renewal.ts'
import type { ProfileStore } from '../../domain/profiles/profile-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Cursors } from './cursor.ts'
import { pageOf, pageSize } from './page.ts'
import type { Plan } from './plan.ts'
import type { DisclosedRow, ProfileRows } from './profile-rows.ts'
import type {
  ConsentChoiceView,
  ConsentRecordView,
  NoticeView,
  Page,
  ProfileView,
} from './views.ts'

const LIST = 'consents'
const MOST_RECORDS = 100

/** A person's consents: what stands, how it came about, and receipts. Only where they may be told in clear. */
export class ConsentDoor {
  readonly #policy: Policy
  readonly #rows: ProfileRows
  readonly #store: Pick<ProfileStore, 'consentRecords'>
  readonly #cursors: Cursors
  readonly #ids: Pseudonyms
  readonly #audience: string

  /** @param ports.ids turns ids of records into those of the caller's audience. */
  constructor(
    { policy, grant }: Plan,
    rows: ProfileRows,
    ports: {
      readonly store: Pick<ProfileStore, 'consentRecords'>
      readonly cursors: Cursors
      readonly ids: Pseudonyms
    },
  ) {
    this.#policy = policy
    this.#audience = grant.audience
    this.#rows = rows
    this.#store = ports.store
    this.#cursors = ports.cursors
    this.#ids = ports.ids
  }

  /** Every purpose that rests on consent, by recipient where it names one. Null where it may not be told. */
  async choicesOf(view: ProfileView): Promise<readonly ConsentChoiceView[] | null> {
    const at = this.#open(view, 'Query.consents')
    if (!at) return null
    const vector = parseVector(at.decisions.state)
    const records = new Map((await this.#recordsOf(at.row.subjectId)).map((one) => [one.id, one]))
    const onConsent = [...this.#policy.purposes.values()].filter(
      ({ legalBasis }) => legalBasis === 'consent',
    )
    return onConsent.flatMap((purpose) =>
      recipientsOf(purpose, vector.standings.keys()).map((recipient): ConsentChoiceView => {
        const { key, standing } = standingOf(vector, purpose.key, recipient)
        const record = records.get(at.row.consent.records[key]?.[0] ?? '')
        return {
          purpose: purpose.key,
          inWords: purpose.inWords,
          recipient,
          state: standing?.state ?? 'ConsentUnknown',
          isOpen: purpose.categories.some(
            (category) =>
              refusalOfPurpose(this.#policy, purpose, vector, category, recipient) === null,
          ),
          closedBySignal:
            [...vector.signals].sort().find((one) => purpose.signals.has(one)) ?? null,
          expiresAt: record?.expiresAt ?? null,
        }
      }),
    )
  }

  /**
   * All records, the last recorded first. Null where they may not be told.
   * @throws Refusal BAD_USER_INPUT for a page too large or a foreign cursor.
   */
  async historyOf(
    view: ProfileView,
    page: { first: number | null; after: string | null },
  ): Promise<Page<ConsentRecordView> | null> {
    const at = this.#open(view, 'Query.consentHistory')
    if (!at) return null
    const size = pageSize(page.first, MOST_RECORDS)
    const list = [LIST, this.#audience, at.row.subjectId]
    const after =
      page.after === null ? null : (this.#cursors.open(list, page.after) as RecordPosition)
    const records = [...(await this.#recordsOf(at.row.subjectId))].sort(newestFirst)
    const rest = after === null ? records : records.filter((one) => newestFirst(one, after) > 0)
    const deciding = new Set(Object.values(at.row.consent.records).map(([id]) => id))
    return pageOf(rest.slice(0, size + 1), size, after !== null, (record) => ({
      node: this.#recordView(record, deciding.has(record.id)),
      cursor: this.#cursors.seal(list, { id: record.id, recordedAt: record.recordedAt }),
    }))
  }

  /** The receipt of one record of this person; null where there is none, or it may not be told. */
  async receiptOf(
    view: ProfileView,
    id: string,
  ): Promise<Readonly<Record<string, unknown>> | null> {
    const at = this.#open(view, 'Query.consentReceipt')
    const wanted = this.#ids.open(id)
    if (!at || wanted === null) return null
    const record = (await this.#recordsOf(at.row.subjectId)).find((one) => one.id === wanted)
    return record ? consentReceipt(record, this.#policy, { record: id, subject: at.id }) : null
  }

  #open(view: ProfileView, coordinate: string): DisclosedRow | null {
    const at = this.#rows.at(view)
    const { treatment } = at.decisions.decideField(coordinate)
    return treatment === 'CLEAR' ? at : null
  }

  async #recordsOf(subject: SubjectId): Promise<readonly KeptConsent[]> {
    const records = (await this.#store.consentRecords([subject])).get(subject) ?? []
    return records.map((record) => lapsingAtRenewal(record, this.#policy.notices))
  }

  #recordView(record: KeptConsent, decides: boolean): ConsentRecordView {
    const { noticeHash: _hash, evidence: _evidence, ...shown } = record
    return { ...shown, id: this.#ids.of(record.id), decides }
  }
}

type RecordPosition = Pick<KeptConsent, 'id' | 'recordedAt'>

function newestFirst(one: RecordPosition, other: RecordPosition): number {
  return other.recordedAt - one.recordedAt || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)
}

/** Whom the person has said something about; one that names nobody where the purpose needs no name. */
function recipientsOf({ key, namesRecipient }: Purpose, standings: Iterable<string>) {
  if (!namesRecipient) return [null]
  return [...standings].flatMap((standing) => {
    if (standing === key) return [null]
    return standing.startsWith(`${key}@`) ? [standing.slice(key.length + 1)] : []
  })
}

/** Notices as they are shown now, in this language or in all. */
export function noticesNow(policy: Policy, now: Instant, language: string | null): NoticeView[] {
  return [...policy.notices.values()].flatMap((notice) => {
    const version = noticeAt(notice, now)
    if (!version) return []
    const { validFrom, requiresRenewal, purposes, jurisdictions } = version
    return [...version.texts]
      .filter(([tag]) => language === null || tag === language)
      .map(([tag, { text, hash }]) => ({
        notice: notice.key,
        version: version.version,
        language: tag,
        purposes: [...purposes],
        jurisdictions: [...jurisdictions],
        validFrom,
        requiresRenewal,
        hash,
        text,
      }))
  })
}
