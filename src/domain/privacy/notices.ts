import { createHash } from 'node:crypto'
import type { Instant } from '../../kernel/time.ts'
import {
  oneOf,
  onlyColumns,
  PolicyError,
  placeOf,
  type TableRows,
  text,
  words,
} from './table-rows.ts'

/** A privacy notice in all its versions, oldest first. */
export interface Notice {
  readonly key: string
  readonly versions: readonly NoticeVersion[]
}

/** What people are told from one day on, in one or several languages. */
export interface NoticeVersion {
  readonly version: string
  readonly validFrom: Instant
  /** Whether decisions taken under an older version count no more from `validFrom` on. */
  readonly requiresRenewal: boolean
  readonly purposes: ReadonlySet<string>
  /** Columns of jurisdictions.csv that it is written for; empty: all. */
  readonly jurisdictions: ReadonlySet<string>
  /** By language (BCP 47). */
  readonly texts: ReadonlyMap<string, NoticeText>
}

export interface NoticeText {
  readonly text: string
  /** SHA-256 of the UTF-8 text, hex: which words somebody was shown. */
  readonly hash: string
}

const NAME = /^[\w.-]{1,60}$/
const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/
const DAY = /^\d{4}-\d{2}-\d{2}$/

const COLUMNS = ['notice', 'version', 'language', 'text']
/** Columns that all languages of a version must agree in. */
const SHARED = ['valid_from', 'renewal', 'purposes', 'jurisdiction'] as const

/**
 * notices.csv: one row per notice, version and language, `text` being the text itself.
 * @throws PolicyError
 */
export function compileNotices(
  rows: TableRows,
  known: { readonly purposes: ReadonlySet<string>; readonly mechanisms: ReadonlySet<string> },
): ReadonlyMap<string, Notice> {
  onlyColumns('notices.csv', rows, [...COLUMNS, ...SHARED], ['file'])
  const byNotice = new Map<string, Map<string, NoticeVersion>>()
  const shared = new Map<string, string>()
  for (const [index, row] of rows.entries()) {
    const at = placeOf('notices.csv', row, index)
    const notice = named(row, 'notice', at)
    const version = named(row, 'version', at)
    const versions = byNotice.get(notice) ?? new Map<string, NoticeVersion>()
    byNotice.set(notice, versions)
    const agreed = JSON.stringify(SHARED.map((column) => row[column] ?? ''))
    const place = `${notice} ${version}`
    if ((shared.get(place) ?? agreed) !== agreed)
      throw new PolicyError(`${at}: differs from another language in ${SHARED.join(', ')}`)
    shared.set(place, agreed)
    const texts = new Map(versions.get(version)?.texts ?? [])
    const language = text(row, 'language', at)
    if (!LANGUAGE.test(language)) throw new PolicyError(`${at}: language is no BCP 47 tag`)
    if (texts.has(language)) throw new PolicyError(`${at}: "${place} ${language}" stands twice`)
    texts.set(language, textOf(text(row, 'text', at)))
    versions.set(version, { ...readVersion(row, at, known), version, texts })
  }
  return new Map([...byNotice].map(([key, versions]) => [key, ordered(key, versions)]))
}

function readVersion(
  row: Readonly<Record<string, string>>,
  at: string,
  known: { readonly purposes: ReadonlySet<string>; readonly mechanisms: ReadonlySet<string> },
): Omit<NoticeVersion, 'version' | 'texts'> {
  const day = text(row, 'valid_from', at)
  const validFrom = DAY.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(validFrom)) throw new PolicyError(`${at}: valid_from is no day (YYYY-MM-DD)`)
  const purposes = words(row.purposes)
  for (const purpose of purposes)
    if (!known.purposes.has(purpose))
      throw new PolicyError(`${at}: "${purpose}" is no purpose of purposes.csv`)
  if (purposes.length === 0) throw new PolicyError(`${at}: a notice must name its purposes`)
  const jurisdictions = words(row.jurisdiction)
  for (const one of jurisdictions)
    if (!known.mechanisms.has(one))
      throw new PolicyError(`${at}: jurisdiction "${one}" has no column in purposes.csv`)
  return {
    validFrom,
    requiresRenewal: oneOf(row, 'renewal', ['none', 'required'] as const, at) === 'required',
    purposes: new Set(purposes),
    jurisdictions: new Set(jurisdictions),
  }
}

function ordered(key: string, byVersion: ReadonlyMap<string, NoticeVersion>): Notice {
  const versions = [...byVersion.values()].sort((a, b) => a.validFrom - b.validFrom)
  for (const [index, { validFrom, version }] of versions.entries())
    if (versions[index + 1]?.validFrom === validFrom)
      throw new PolicyError(`notices.csv: two versions of "${key}" begin with ${version}`)
  return { key, versions }
}

function named(row: Readonly<Record<string, string>>, column: string, at: string): string {
  const value = text(row, column, at)
  if (!NAME.test(value)) throw new PolicyError(`${at}: ${column} may hold letters, digits, . _ -`)
  return value
}

const textOf = (value: string): NoticeText => ({
  text: value,
  hash: createHash('sha256').update(value, 'utf8').digest('hex'),
})

/** The version of each notice that is shown at an instant; absent before its first. */
export function noticeAt(notice: Notice, now: Instant): NoticeVersion | null {
  return notice.versions.findLast(({ validFrom }) => validFrom <= now) ?? null
}

/**
 * When a decision that was taken under this version ceases to count, because a later version requires that it is taken
 * again; null: never, or the version is not known.
 */
export function renewalDue(
  notices: ReadonlyMap<string, Notice>,
  notice: string | null,
  version: string | null,
): Instant | null {
  if (notice === null) return null
  const versions = notices.get(notice)?.versions ?? []
  const from = versions.findIndex((one) => one.version === version)
  if (from < 0) return null
  return versions.slice(from + 1).find(({ requiresRenewal }) => requiresRenewal)?.validFrom ?? null
}
