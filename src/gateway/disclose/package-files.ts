import { stringify } from 'csv-stringify/sync'
import { isoInstant } from '../../kernel/time.ts'
import { packagePage } from './package-page.ts'
import type { PersonPackage } from './person-package.ts'

/** One file of a package. */
export interface PackageFile {
  readonly path: string
  readonly text: string
}

type Row = readonly unknown[]

/** A page for people, JSON for programs, and tables for spreadsheets. */
export function packageFiles(made: PersonPackage): readonly PackageFile[] {
  const { values, told, events, consents, recipients } = made
  return [
    { path: 'index.html', text: packagePage(made) },
    { path: 'data.json', text: `${JSON.stringify(withInstants(made), null, 2)}\n` },
    {
      path: 'values.csv',
      text: table(
        'key value category purposes source observed_at rule kept_days',
        values.map((one) => [
          one.key,
          one.value,
          one.category,
          one.purposes.join(' '),
          one.source,
          at(one.observedAt),
          one.rule,
          one.keptDays,
        ]),
      ),
    },
    {
      path: 'sources.csv',
      text: table(
        'source observed_at received_at key value category',
        told.map((one) => [
          one.source,
          at(one.observedAt),
          at(one.receivedAt),
          one.key,
          one.value,
          one.category,
        ]),
      ),
    },
    {
      path: 'events.csv',
      text: table(
        'at source name item order value properties',
        events.map((one) => [
          at(one.at),
          one.source,
          one.name,
          one.itemId,
          one.orderId,
          one.value,
          one.properties,
        ]),
      ),
    },
    {
      path: 'consents.csv',
      text: table(
        'recorded_at effective_at expires_at purpose recipient state notice version language method source',
        consents.map((one) => [
          at(one.recordedAt),
          at(one.effectiveAt),
          at(one.expiresAt),
          one.purpose,
          one.recipient,
          one.state,
          one.notice,
          one.noticeVersion,
          one.language,
          one.method,
          one.source,
        ]),
      ),
    },
    ...(recipients === null
      ? []
      : [
          {
            path: 'recipients.csv',
            text: table(
              'at by audience purpose legal_basis in_words',
              recipients.map((one) => [
                at(one.at),
                one.by,
                one.audience,
                one.purpose,
                one.legalBasis,
                one.inWords,
              ]),
            ),
          },
        ]),
  ]
}

/** Cells that a spreadsheet would take for formulas get an apostrophe. */
function table(columns: string, rows: readonly Row[]): string {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : cell)),
  )
  return stringify([columns.split(' '), ...cells], {
    escape_formulas: true,
    record_delimiter: 'windows',
  })
}

function at(instant: number | null): string {
  return instant === null ? '' : isoInstant(instant)
}

/** Instants as text: nobody reads milliseconds. */
function withInstants(value: unknown, key = ''): unknown {
  if (typeof value === 'number' && /At$|^at$|^until$/.test(key)) return isoInstant(value)
  if (Array.isArray(value)) return value.map((one) => withInstants(one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      // What somebody else named is left as they sent it.
      name === 'properties' || name === 'value' ? one : withInstants(one, name),
    ]),
  )
}
