import { type Command, InvalidArgumentError } from 'commander'
import type { CaseOutcome } from '../../gateway/disclose/policy-cases.ts'
import type { PolicyCoverage, PolicyTest } from '../../gateway/disclose/policy-coverage.ts'

interface TestOptions {
  readonly policy?: string
  readonly coverage?: true
  readonly minCoverage?: number
  readonly json?: true
}

/** `bauta policy test CASES…`: tries table cases of an installation on its policy. */
export function registerPolicyTest(
  policy: Command,
  test: (files: readonly string[], dir: string | null) => Promise<PolicyTest>,
  print: (text: string) => void,
): void {
  policy
    .command('test')
    .description(
      'try cases, rows of who sees what of somebody who decided so; exits with 1 where one comes out differently',
    )
    .argument(
      '<cases...>',
      'CSV files with the columns as, purpose, data, expected (docs/policy-tests.md)',
    )
    .option('--policy <dir>', "a policy folder other than the installation's")
    .option('--coverage', 'print which rows of the policy no case exercises')
    .option('--min-coverage <percent>', 'exit with 1 where the cases exercise fewer rows', percent)
    .option('--json', 'print JSON: with every decision and the rows that took it')
    .action(async (files: string[], options: TestOptions) => {
      const tested = await test(files, options.policy ?? null)
      print(options.json ? JSON.stringify(tested, null, 2) : asText(tested, options))
      const covers = percentOf(tested.coverage) >= (options.minCoverage ?? 0)
      if (tested.outcomes.some(({ holds }) => !holds) || !covers) process.exitCode = 1
    })
}

function asText(
  { outcomes, coverage, policyVersion }: PolicyTest,
  options: Pick<TestOptions, 'coverage' | 'minCoverage'>,
): string {
  const failed = outcomes.filter(({ holds }) => !holds)
  const count = `${outcomes.length - failed.length} of ${outcomes.length} cases hold under policy ${policyVersion}.`
  return [
    ...failed.map(failureText),
    count,
    ...(options.coverage || options.minCoverage !== undefined
      ? [coverageText(coverage, options)]
      : []),
  ].join('\n')
}

function failureText({ case: one, decision, rules }: CaseOutcome): string {
  const expected = one.reason === null ? one.expected : `${one.expected} (${one.reason})`
  const seen =
    decision.reason === null ? decision.treatment : `${decision.treatment} (${decision.reason})`
  return [
    `${one.at}: ${one.as} for ${one.purpose}, ${one.data}: ${seen}, expected ${expected}`,
    ...rules.map((rule) => `    decided by ${rule}`),
  ].join('\n')
}

function coverageText(
  coverage: PolicyCoverage,
  options: Pick<TestOptions, 'coverage' | 'minCoverage'>,
): string {
  const { exercised, rules, missing } = coverage
  const reached = percentOf(coverage)
  const least = options.minCoverage ?? 0
  const short = reached < least ? `, fewer than ${least} %` : ''
  return [
    `${exercised} of ${rules} rows that can decide are exercised: ${reached} %${short}.`,
    ...(options.coverage && missing.length > 0
      ? ['No case exercises', ...byRow(missing).map((row) => `  ${row}`)]
      : []),
  ].join('\n')
}

/** `roles.csv: user.name, column partner analyst`: what is missing of one row stands on one line. */
function byRow(rules: readonly string[]): readonly string[] {
  const rows = new Map<string, string[]>()
  for (const rule of rules) {
    const [row = '', column] = rule.split(', column ')
    const columns = rows.get(row) ?? []
    if (column !== undefined) columns.push(column)
    rows.set(row, columns)
  }
  return [...rows].map(([row, columns]) =>
    columns.length === 0 ? row : `${row}, column ${columns.join(' ')}`,
  )
}

/** Rounded down, so that all are 100 % only where none is missing. */
function percentOf({ exercised, rules }: PolicyCoverage): number {
  return rules === 0 ? 100 : Math.floor((exercised / rules) * 1000) / 10
}

function percent(text: string): number {
  if (!/^(100|\d{1,2})(\.\d)?$/.test(text)) throw new InvalidArgumentError('must be a percentage')
  return Number(text)
}
