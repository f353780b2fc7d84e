import { DAY, type Instant } from '../../kernel/time.ts'

/** GDPR Articles 15, 20, 17, 16, 18 and 21, in the words of OpenDSR where it has one. */
export const subjectRequestTypes = [
  'access',
  'portability',
  'erasure',
  'rectification',
  'restriction',
  'objection',
] as const
export type SubjectRequestType = (typeof subjectRequestTypes)[number]

/** What a link can confirm, and what OpenDSR 2.0 knows (section 6.2). */
export const linkedTypes = ['access', 'portability', 'erasure'] as const
export type LinkedType = (typeof linkedTypes)[number]

/** What is answered with a package. */
export const packageTypes = ['access', 'portability'] as const
export type PackageType = (typeof packageTypes)[number]

export function isLinkedType(type: string): type is LinkedType {
  return linkedTypes.some((one) => one === type)
}

export function isPackageType(type: string): type is PackageType {
  return packageTypes.some((one) => one === type)
}

/** Laws under which people ask, as OpenDSR 2.0 names them (section 7.1.1). */
export const regulations = ['gdpr', 'ccpa'] as const
export type Regulation = (typeof regulations)[number]

/** Of requests that name none: its deadline is the shorter one. */
export const DEFAULT_REGULATION: Regulation = 'gdpr'

type Term = { readonly months: number } | { readonly days: number }

/** How long an answer may take from when the person asked, and in all where somebody has said why it takes longer. */
const TERMS: Readonly<Record<Regulation, { readonly usual: Term; readonly extended: Term }>> = {
  // GDPR Article 12(3).
  gdpr: { usual: { months: 1 }, extended: { months: 3 } },
  // California Civil Code 1798.130(a)(2)(A), 11 CCR 7021(b): calendar days.
  ccpa: { usual: { days: 45 }, extended: { days: 90 } },
}

/** OpenDSR 2.0, section 8: waits for the person to confirm, is being met, was met, or will not be. */
export const subjectRequestStatuses = ['pending', 'in_progress', 'completed', 'cancelled'] as const
export type SubjectRequestStatus = (typeof subjectRequestStatuses)[number]

/** One line of the register. It names nobody: whose it is stands apart, and goes with the person. */
export interface SubjectRequest {
  readonly id: string
  /** Under which id the client knows it (OpenDSR); null: it came in another way. */
  readonly clientRequestId: string | null
  readonly type: SubjectRequestType
  readonly status: SubjectRequestStatus
  /** Under which law somebody asks. */
  readonly regulation: Regulation
  /** The client through which it came. */
  readonly clientId: string
  /** When the person asked; from then on the deadline counts. */
  readonly submittedAt: Instant
  /** When it came here. */
  readonly receivedAt: Instant
  readonly dueAt: Instant
  /** Why it takes longer, in one line; null: it was not extended. */
  readonly extension: string | null
  readonly settledAt: Instant | null
}

const NEXT: Readonly<Record<SubjectRequestStatus, readonly SubjectRequestStatus[]>> = {
  pending: ['in_progress', 'cancelled'],
  in_progress: ['completed', 'cancelled'],
  completed: [],
  cancelled: [],
}

export function mayBecome(from: SubjectRequestStatus, to: SubjectRequestStatus): boolean {
  return NEXT[from].includes(to)
}

export function isOpen({ status }: Pick<SubjectRequest, 'status'>): boolean {
  return NEXT[status].length > 0
}

/** Regulation 1182/71 and GDPR Article 12(3): the same day of the month that many months later, or its last day. */
export function monthsLater(instant: Instant, months: number): Instant {
  const date = new Date(instant)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, last))
  return date.getTime()
}

/** Until when a request has to be answered, as its regulation says. */
export function dueAt(regulation: Regulation, submittedAt: Instant, extended: boolean): Instant {
  const term = TERMS[regulation][extended ? 'extended' : 'usual']
  return 'months' in term ? monthsLater(submittedAt, term.months) : submittedAt + term.days * DAY
}
