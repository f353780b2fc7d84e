import { isoInstant } from '../../kernel/time.ts'
import type { PackagedDerivations, PersonPackage } from './person-package.ts'

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
h2{margin-top:2.5rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd;overflow-wrap:anywhere}
th{background:#f4f4f4}`

const TITLES = {
  access: 'What is known about you',
  portability: 'Your data, to take with you',
} as const

/** The page of a package: one file without scripts that loads nothing. Everything in it is escaped. */
export function packagePage(made: PersonPackage): string {
  const title = TITLES[made.type]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>${STYLE}</style></head><body>
<h1>${title}</h1>
<p>Made on ${day(made.madeAt)}. The same stands in <code>data.json</code> for programs and in the tables beside it.</p>
${valuesOf(made)}${sourcesOf(made)}${eventsOf(made)}${consentsOf(made)}
${made.derived ? derivedOf(made.derived) : ''}${recipientsOf(made)}${purposesOf(made)}
</body></html>
`
}

function valuesOf({ values, purposes }: PersonPackage): string {
  const words = new Map(purposes.map(({ purpose, inWords }) => [purpose, inWords]))
  return section(
    'Your profile',
    'What stands about you, who said it, what it may be used for, and how long it is kept.',
    ['What', 'Value', 'Said by', 'May be used', 'Kept'],
    values.map((one) => [
      one.key,
      shown(one.value),
      [one.source ?? '', one.observedAt === null ? '' : day(one.observedAt)].join(' '),
      one.purposes.map((purpose) => words.get(purpose) ?? purpose).join('; '),
      one.keptDays === null ? 'while you are known here' : `${one.keptDays} days`,
    ]),
  )
}

function sourcesOf({ told }: PersonPackage): string {
  return section(
    'What each source said',
    'Also what does not stand in the profile because another source is believed more.',
    ['Source', 'When', 'What', 'Value'],
    told.map((one) => [one.source, day(one.observedAt), one.key, shown(one.value)]),
  )
}

function eventsOf({ events }: PersonPackage): string {
  return section(
    'What you did',
    'Visits, views and orders, oldest first.',
    ['When', 'What', 'Item', 'Details'],
    events.map((one) => [
      minute(one.at),
      one.name,
      one.itemId ?? '',
      Object.keys(one.properties).length > 0 ? shown(one.properties) : '',
    ]),
  )
}

function consentsOf({ consents }: PersonPackage): string {
  return section(
    'What you decided',
    'Your decisions about purposes, the newest first.',
    ['When', 'Purpose', 'Recipient', 'Decision', 'Through'],
    consents.map((one) => [
      minute(one.recordedAt),
      one.purpose,
      one.recipient ?? '',
      one.state,
      one.collectionPoint ?? one.source,
    ]),
  )
}

function derivedOf({ values, segments, recommendations, logic }: PackagedDerivations): string {
  return [
    section(
      'What was worked out',
      logic.join(' '),
      ['What', 'Value'],
      values.map((one) => [one.path, shown(one.value)]),
    ),
    section(
      'Groups that you are in',
      'Each with the rule by which you are in it.',
      ['Group', 'Rule'],
      segments.map((one) => [one.name, one.rule]),
    ),
    section(
      'What would be recommended to you',
      'The best first.',
      ['Item', 'Because of'],
      recommendations.map((one) => [one.title, one.because ?? '']),
    ),
  ].join('')
}

function recipientsOf({ recipients, trailKeptDays }: PersonPackage): string {
  if (recipients === null) return ''
  const kept = trailKeptDays === null ? '' : ` This is kept for ${trailKeptDays} days.`
  return section(
    'Who was shown what',
    `Every time, the newest first.${kept}`,
    ['In words'],
    recipients.map((one) => [one.inWords]),
  )
}

function purposesOf({ purposes }: PersonPackage): string {
  return section(
    'Purposes',
    'What data is used for here, and on which ground of the law.',
    ['Purpose', 'In words', 'Ground'],
    purposes.map((one) => [one.purpose, one.inWords, one.legalBasis.replaceAll('_', ' ')]),
  )
}

function section(
  title: string,
  about: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const head = columns.map((one) => `<th scope="col">${escaped(one)}</th>`).join('')
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`)
    .join('\n')
  const table =
    rows.length === 0
      ? '<p>Nothing.</p>'
      : `<table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`
  return `<h2>${escaped(title)}</h2><p>${escaped(about)}</p>${table}\n`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? '')
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const day = (instant: number) => isoInstant(instant).slice(0, 10)
const minute = (instant: number) => `${isoInstant(instant).slice(0, 16).replace('T', ' ')} UTC`
