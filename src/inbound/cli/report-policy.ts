import { type Command, Option } from 'commander'
import type { PrivacyLabel } from '../../gateway/disclose/privacy-label.ts'
import type { ProcessingRecord } from '../../gateway/govern/processing-record.ts'
import { asHtml, asMarkdown, type Block } from './report-document.ts'

type Format = 'markdown' | 'html' | 'json'

/** `bauta report processing | label`: what the installation does with data, generated from its rules. */
export function registerPolicyReports(
  report: Command,
  desk: {
    processing(): Promise<ProcessingRecord>
    label(as: string): Promise<PrivacyLabel>
  },
  print: (text: string) => void,
): void {
  const format = () =>
    new Option('--format <format>', 'how it is printed')
      .choices(['markdown', 'html', 'json'])
      .default('markdown')
  report
    .command('processing')
    .description(
      'records of processing activities (GDPR Article 30): purposes, data, recipients, sources, retention',
    )
    .addOption(format())
    .action(async (options: { format: Format }) => {
      const record = await desk.processing()
      print(printed(options.format, 'Records of processing', record, processingBlocks(record)))
    })
  report
    .command('label')
    .description('a privacy label: what a caller can ever see, for which purpose and in which form')
    .requiredOption('--as <caller>', 'a demo principal, the id of a client, or role:partner')
    .addOption(format())
    .action(async (options: { as: string; format: Format }) => {
      const label = await desk.label(options.as)
      const title = `Privacy label: ${label.caller.title}`
      print(printed(options.format, title, label, labelBlocks(title, label)))
    })
}

function printed(format: Format, title: string, value: unknown, blocks: readonly Block[]): string {
  if (format === 'json') return JSON.stringify(value, null, 2)
  return format === 'html' ? asHtml(title, blocks) : asMarkdown(blocks)
}

const kept = (days: number | null, forever: string) => (days === null ? forever : `${days} days`)

export function processingBlocks(record: ProcessingRecord): readonly Block[] {
  const { controller, activities, sources, trail, measures, policyVersion } = record
  return [
    { heading: 'Records of processing activities', level: 1 },
    { text: `GDPR Article 30. Generated from policy ${policyVersion} and what is registered.` },
    { heading: 'Controller', level: 2 },
    controller.length === 0
      ? { text: 'Not stated: controller.csv is missing from the policy.' }
      : { head: ['fact', 'value'], rows: controller.map(({ fact, value }) => [fact, value]) },
    ...activities.flatMap(activityBlocks),
    { heading: 'Where data comes from', level: 2 },
    {
      head: ['source', 'kind', 'identifiers'],
      rows: sources.map(({ source, kind, verified }) => [
        source,
        kind,
        verified ? 'verified' : 'unverified',
      ]),
    },
    { heading: 'How long the audit trail is kept', level: 2 },
    {
      head: ['entries', 'kept'],
      rows: trail.map((one) => [one.class, kept(one.keepDays, 'for ever')]),
    },
    { heading: 'Measures', level: 2 },
    ...measures.map((text) => ({ text })),
  ]
}

function activityBlocks(activity: ProcessingRecord['activities'][number]): readonly Block[] {
  const { purpose, inWords, dpv, legalBasis, mechanisms, closedBy, people } = activity
  const facts = [
    ['why', `${inWords} (${dpv})`],
    ['legal basis', legalBasis],
    ['consent', mechanisms.map((one) => `${one.jurisdiction}: ${one.mechanism}`).join(', ')],
    ['closed by', closedBy.join(', ') || 'no signal'],
    ['whose data', people.join(', ')],
  ]
  return [
    { heading: purpose, level: 2 },
    { head: ['', ''], rows: facts },
    {
      head: ['data', 'sensitivity', 'kept'],
      rows: activity.categories.map(({ category, sensitivity, keepDays }) => [
        category,
        sensitivity,
        kept(keepDays, 'as long as the person is known'),
      ]),
    },
    activity.recipients.length === 0
      ? { text: 'No registered recipient.' }
      : {
          head: ['recipient', 'audience', 'roles', 'receives'],
          rows: activity.recipients.map(({ name, client, audience, roles, receives }) => [
            `${name} (${client})`,
            audience,
            roles.join(' '),
            receives.map(({ category, form }) => `${category} ${form}`).join(', '),
          ]),
        },
  ]
}

export function labelBlocks(title: string, label: PrivacyLabel): readonly Block[] {
  const { caller, purposes, never, trailDays, policyVersion } = label
  return [
    { heading: title, level: 1 },
    {
      text: `${caller.name}, acting as ${caller.roles.join(' and ')}, knows people under pseudonyms of the audience ${caller.audience}. Generated from policy ${policyVersion}.`,
    },
    ...limitsOf(caller),
    ...purposes.flatMap(({ purpose, seenWhen, sees }) => [
      { heading: `${purpose.key}: ${purpose.inWords}`, level: 2 as const },
      {
        text: `Basis: ${purpose.legalBasis}${purpose.namesRecipient ? `, which must name ${caller.audience}` : ''}. Seen when: ${seenWhen.join(', ') || 'never'}.`,
      },
      {
        head: ['data', 'form', 'fields'],
        rows: sees.map(({ category, form, fields }) => [category, form, fields.join(', ')]),
      },
    ]),
    { heading: 'Never, whatever people decide', level: 2 },
    { text: never.join(', ') },
    { heading: 'Record', level: 2 },
    {
      text: `Who was shown what to ${caller.name} stands on the audit trail, ${trailDays === null ? 'for ever' : `for ${trailDays} days`}.`,
    },
  ]
}

function limitsOf({ categories, segments }: PrivacyLabel['caller']): readonly Block[] {
  return [
    ...(categories === null ? [] : [{ text: `Limited to ${categories.join(', ')}.` }]),
    ...(segments === null ? [] : [{ text: `Sees only members of ${segments.join(', ')}.` }]),
  ]
}
