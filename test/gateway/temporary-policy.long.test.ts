import { spawn } from 'node:child_process'
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, execArgv, execPath } from 'node:process'

/** Suites that take their cases from the tables. */
const SUITES = [
  'test/gateway/disclose/policy-tables.test',
  'test/abuse/leaks.long',
  // Long ones are left out otherwise.
  '--testPathIgnorePatterns=/node_modules/',
]

/** A copy of the tables with one more source, category, trait, role and purpose. */
async function extended(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'bauta-policy-'))
  await cp('policy', dir, { recursive: true })
  await appendFile(join(dir, 'sources.csv'), '\nloyalty,crm,25,yes\n')
  await appendFile(join(dir, 'categories.csv'), '\nuser.wellbeing,NORMAL,features\n')
  await appendFile(join(dir, 'traits.csv'), '\nstepsPerDay,user.wellbeing,number,priority\n')
  const roles = (await readFile(join(dir, 'roles.csv'), 'utf8')).trim().split('\n')
  const [header = '', ...rows] = roles
  const columns = header.split(',').length - 1
  const wellbeing = [
    'user.wellbeing',
    ...Array.from({ length: columns }, (_, n) => (n === 0 ? 'CLEAR' : 'WITHHELD')),
  ]
  await writeFile(
    join(dir, 'roles.csv'),
    [
      `${header},coach`,
      ...rows.map(
        (row) => `${row},${row.startsWith('user.unique_id.pseudonym') ? 'PSEUDONYM' : 'WITHHELD'}`,
      ),
      `${wellbeing.join(',')},CLEAR`,
      '',
    ].join('\n'),
  )
  await appendFile(
    join(dir, 'purposes.csv'),
    '\nCOACHING,personalize.coaching,dpv:ServicePersonalisation,consent,no,opt_in,opt_in,,coach,user.unique_id.pseudonym user.wellbeing\n',
  )
  return dir
}

/** Runs the suites over a policy, or only counts their cases. */
async function run(
  policyDir: string,
  only: 'count' | 'all',
): Promise<{ cases: number; failed: number }> {
  const dir = await mkdtemp(join(tmpdir(), 'bauta-report-'))
  const report = join(dir, 'report.json')
  const jest = [...execArgv, 'node_modules/jest/bin/jest.js', ...SUITES]
  const none = only === 'count' ? ['--testNamePattern', 'no case has this name'] : []
  const child = spawn(execPath, [...jest, ...none, '--silent', '--json', '--outputFile', report], {
    stdio: 'ignore',
    env: { ...env, BAUTA_TEST_POLICY_DIR: policyDir },
  })
  await new Promise((resolve) => child.once('exit', resolve))
  const counts = JSON.parse(await readFile(report, 'utf8'))
  await rm(dir, { recursive: true, force: true })
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites
  return { cases: counts.numTotalTests, failed }
}

test('a new source, category, role and purpose are covered by the table and leak suites as they stand', async () => {
  const dir = await extended()
  const grown = await run(dir, 'all')
  expect(grown.failed).toBe(0)
  const before = await run('policy', 'count')
  expect(grown.cases).toBeGreaterThan(before.cases)
  await rm(dir, { recursive: true, force: true })
})
