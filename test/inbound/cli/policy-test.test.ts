import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { readConfig } from '../../../src/config.ts'
import { registerPolicyTest } from '../../../src/inbound/cli/policy-test.ts'
import { PolicyDesk } from '../../../src/policy-desk.ts'

const HEADER = 'as,purpose,data,country,consent,expected,reason'
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bauta-cases-'))
})
afterAll(async () => await rm(dir, { recursive: true, force: true }))

async function bauta(...words: string[]): Promise<{ text: string; exitCode: unknown }> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  let text = ''
  const noDatabase = async () => {
    throw new Error('a database was opened')
  }
  const config = readConfig({})
  registerPolicyTest(
    program,
    async (files, policyDir) =>
      await new PolicyDesk(policyDir === null ? config : { ...config, policyDir }, noDatabase).test(
        files,
      ),
    (line) => {
      text += line
    },
  )
  const before = process.exitCode
  process.exitCode = undefined
  try {
    await program.parseAsync(['test', ...words], { from: 'user' })
    return { text, exitCode: process.exitCode }
  } finally {
    process.exitCode = before
  }
}

async function cases(...rows: string[]): Promise<string> {
  const file = join(dir, 'cases.csv')
  await writeFile(file, [HEADER, ...rows, ''].join('\n'))
  return file
}

/** A copy of the shipped policy in which partners see no country any more. */
async function stricterPolicy(): Promise<string> {
  const copy = join(dir, 'policy')
  await cp('policy', copy, { recursive: true })
  const roles = await readFile(join(copy, 'roles.csv'), 'utf8')
  const row = 'user.location.country,CLEAR,CLEAR,CLEAR,'
  expect(roles).toContain(row)
  await writeFile(join(copy, 'roles.csv'), roles.replace(`${row}CLEAR`, `${row}WITHHELD`))
  return copy
}

describe('bauta policy test', () => {
  test('finds that the shipped cases hold, and that they exercise nearly every row that can decide', async () => {
    const { text, exitCode } = await bauta('policy/cases.csv', '--min-coverage', '95')
    expect(text).toMatch(/^(\d+) of \1 cases hold under policy [0-9a-f]{16}\.\n/)
    expect(text).toMatch(/\d+ of \d+ rows that can decide are exercised: (9\d|100)(\.\d)? %\.$/)
    expect(exitCode).toBeUndefined()
  })

  test('names line, decision and rows where another policy decides otherwise, and fails', async () => {
    const { text, exitCode } = await bauta('policy/cases.csv', '--policy', await stricterPolicy())
    const [first, ...more] = text.split('\n')
    expect(first).toMatch(
      /^policy\/cases.csv line \d+: role:partner for PARTNER_SHARING, user.location.country: WITHHELD \(ROLE\), expected CLEAR$/,
    )
    expect(more[0]).toBe('    decided by roles.csv: user.location.country, column partner')
    expect(more[1]).toMatch(/^\d+ of \d+ cases hold/)
    expect(exitCode).toBe(1)
  })

  test('fails where the reason is another one', async () => {
    const file = await cases(
      'role:marketer,MARKETING,user.name,DE,ConsentRefused,WITHHELD,OBJECTED',
    )
    const { text, exitCode } = await bauta(file)
    expect(text).toContain('WITHHELD (CONSENT_REFUSED), expected WITHHELD (OBJECTED)')
    expect(exitCode).toBe(1)
  })

  test('shows rows that no case exercises, those of one row together, and fails below the least share', async () => {
    const file = await cases('role:support,SERVICE,user.name,,,CLEAR,')
    const { text, exitCode } = await bauta(file, '--coverage', '--min-coverage', '80')
    expect(text).toMatch(/2 of \d+ rows that can decide are exercised: 0.\d %, fewer than 80 %\./)
    expect(text).toContain('  purposes.csv: MARKETING is closed by gpc\n')
    expect(text).toContain('  purposes.csv: MARKETING, column mechanism_eu mechanism_us\n')
    expect(text).toMatch(/ {2}roles.csv: user.name, column analyst compliance [a-z ]+\n/)
    expect(text).not.toMatch(/user.name, column .*support/)
    expect(exitCode).toBe(1)
  })

  test.each([
    ['role:partner,FUN,user.name,,,CLEAR,', 'line 2: there is no purpose "FUN"'],
    [
      'role:partner,PARTNER_SHARING,user_name,,,CLEAR,',
      'line 2: "user_name" is neither a category',
    ],
    [
      'role:partner,PARTNER_SHARING,user.nope,,ConsentGiven,WITHHELD,',
      'line 2: "user.nope" is neither a category',
    ],
    ['role:support,SERVICE,user.nam,,,WITHHELD,', 'line 2: "user.nam" is neither a category'],
    ['role:partner,PARTNER_SHARING,Profile.traits,,,CLEAR,', 'line 2: Profile.traits is decided'],
    ['role:partner,PARTNER_SHARING,user.name,,,SHOWN,', 'line 2: expected is "SHOWN"'],
    ['role:partner,PARTNER_SHARING,user.name,,given,CLEAR,', 'line 2: consent is "given"'],
    ['role:partner,PARTNER_SHARING,,,,CLEAR,', 'line 2: column "data" is missing or empty'],
    ['role:stranger,PARTNER_SHARING,user.name,,,CLEAR,', 'There is no role "stranger"'],
  ])('refuses what it can not try: %s', async (row, complaint) => {
    await expect(bauta(await cases(row))).rejects.toThrow(complaint)
  })

  test('takes a category that only stands above others', async () => {
    const { exitCode } = await bauta(await cases('role:partner,SERVICE,user.contact,,,WITHHELD,'))
    expect(exitCode).toBeUndefined()
  })

  test('says which file can not be read, and where', async () => {
    await expect(bauta('nosuch.csv')).rejects.toThrow(
      'nosuch.csv: can not be read from this folder',
    )
    await expect(bauta('nowhere/nosuch.csv')).rejects.toThrow(
      'nosuch.csv: can not be read from nowhere',
    )
  })

  test('refuses a column that it does not know, which would be tried as nothing', async () => {
    const file = await cases()
    await writeFile(file, 'as,purpose,data,expected,consents\nrole:admin,SERVICE,user,WITHHELD,x\n')
    await expect(bauta(file)).rejects.toThrow('line 2: there is no column "consents"')
  })
})
