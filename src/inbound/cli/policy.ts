import Table from 'cli-table3'
import type { Command } from 'commander'
import type { ExplainedCategory, Explanation } from '../../gateway/disclose/explain.ts'

interface ExplainOptions {
  readonly as: string
  readonly purpose: string
  readonly json?: true
}

/** `bauta policy explain --as X --purpose Y`: the decision table of one caller and purpose. */
export function registerPolicyExplain(
  policy: Command,
  explain: (as: string, purpose: string) => Promise<Explanation>,
  print: (text: string) => void,
): void {
  policy
    .command('explain')
    .description(
      'print what a caller sees of each data category for a purpose, under which consent, and which row of the policy decides',
    )
    .requiredOption('--as <caller>', 'a demo principal, the id of a client, or role:partner')
    .requiredOption(
      '--purpose <purpose>',
      'a purpose; nothing is seen for one that the caller may not declare',
    )
    .option('--json', 'print JSON: with every situation, reason and field')
    .action(async ({ as, purpose, json }: ExplainOptions) => {
      const explanation = await explain(as, purpose)
      print(json ? JSON.stringify(explanation, null, 2) : asText(explanation))
    })
}

function asText(explanation: Explanation): string {
  return [headOf(explanation), tableOf(explanation), reasonsOf(explanation)].join('\n\n')
}

function headOf({ caller, purpose, policyVersion }: Explanation): string {
  const { key, barrier, inWords, legalBasis, namesRecipient, mechanisms, signals } = purpose
  const limits = [
    ...(caller.categories === null ? [] : [`only ${caller.categories.join(' ')}`]),
    ...(caller.segments === null ? [] : [`only members of ${caller.segments.join(' ')}`]),
  ]
  return [
    ['caller', `${caller.title} (${caller.name}), audience ${caller.audience}`],
    ['roles', caller.roles.join(' ')],
    ['scopes', caller.scopes.join(' ')],
    ...(limits.length > 0 ? [['limits', limits.join('; ')]] : []),
    ['purpose', `${key}: ${inWords}`],
    ...(barrier === null ? [] : [['barred', barrier]]),
    ['basis', namesRecipient ? `${legalBasis} that names ${caller.audience}` : legalBasis],
    ...mechanisms.map(({ mechanism, jurisdictions }) => [mechanism, jurisdictions.join(' ')]),
    ['closed by', signals.join(' ') || 'no signal'],
    ['policy', policyVersion],
  ]
    .map(([name = '', value = '']) => `${`${name}:`.padEnd(12)}${value}`)
    .join('\n')
}

/** Situations under which everything is seen alike share a column. */
function tableOf({ situations, categories }: Explanation): string {
  const columns = new Map<string, { names: string[]; at: number }>()
  for (const [at, { name }] of situations.entries()) {
    const alike = categories.map(({ seen }) => seen[at]?.treatment).join()
    const column = columns.get(alike)
    if (column) column.names.push(name)
    else columns.set(alike, { names: [name], at })
  }
  const table = new Table({
    head: ['category', ...[...columns.values()].map(({ names }) => names.join('\n')), 'decided by'],
    style: process.stdout.isTTY ? {} : { head: [], border: [] },
  })
  for (const category of categories)
    table.push([
      category.category,
      ...[...columns.values()].map(({ at }) => seenIn(category, at)),
      category.rule.replaceAll('; ', '\n'),
    ])
  return table.toString()
}

function seenIn({ seen, fields }: ExplainedCategory, at: number): string {
  const decision = seen[at]
  if (!decision || decision.reason !== null) return '-'
  const barred = fields.filter((one) => one.decision.reason !== null)
  return [
    decision.treatment,
    ...barred.map(({ field, decision: { reason } }) => `not ${field}: ${reason}`),
  ].join('\n')
}

/** Why nothing is seen, situation by situation: the same for all categories that role and purpose leave open. */
function reasonsOf({ purpose, situations, categories }: Explanation): string {
  const lines = situations.flatMap(({ name }, at) => {
    const reasons = new Set(
      categories.flatMap(({ seen }) => {
        const reason = seen[at]?.reason ?? null
        return reason === null || reason === 'ROLE' || reason === 'PURPOSE' ? [] : [reason]
      }),
    )
    return reasons.size === 0 ? [] : [`  ${name}: ${[...reasons].join(' ')}`]
  })
  if (purpose.barrier !== null) return 'Nothing is seen: this caller may not declare this purpose.'
  return lines.length === 0
    ? 'Nothing that people decide closes this purpose.'
    : ['Withheld, and why (- otherwise: by role or purpose):', ...lines].join('\n')
}
