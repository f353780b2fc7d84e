import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { registerAnonymityReport } from '../../../src/inbound/cli/report-anonymity.ts'

const dir = mkdtempSync(join(tmpdir(), 'bauta-report-'))
afterAll(() => rmSync(dir, { recursive: true }))
afterEach(() => {
  process.exitCode = undefined
})

const file = (name: string, lines: readonly string[]) => {
  const path = join(dir, name)
  writeFileSync(path, ['id,country,plan', ...lines].join('\n'))
  return path
}
const many = (n: number, country: string) =>
  Array.from({ length: n }, (_, at) => `${country}${at},${country},${at % 2 ? 'pro' : 'free'}`)

async function report(...args: string[]) {
  const printed: string[] = []
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  registerAnonymityReport(program, (text) => printed.push(text))
  await program.parseAsync(['k-anonymity', ...args], { from: 'user' })
  return { text: printed.join('\n'), code: process.exitCode ?? 0 }
}

test('says that nobody stands out', async () => {
  const safe = file('safe.csv', [...many(10, 'DE'), ...many(12, 'FR')])
  const { text, code } = await report(safe, '--quasi', 'country', '--sensitive', 'plan')
  expect(code).toBe(0)
  expect(text).toContain('22 rows, 2 classes; the smallest has 10: 10-anonymous')
  expect(text).toContain('at least 2 values a class')
})

test('names those who do, and fails', async () => {
  const risky = file('risky.csv', [...many(10, 'DE'), ...many(3, 'IT')])
  const { text, code } = await report(risky, '--quasi', 'country')
  expect(code).toBe(1)
  expect(text).toContain('3 rows in 1 classes stand out')
  expect(text).toContain('without country: 0 rows would stand out')
})

test('compares with an export that was handed over before', async () => {
  const [later, before] = [file('later.csv', many(21, 'DE')), file('before.csv', many(20, 'DE'))]
  const { text, code } = await report(later, '--quasi', 'country', '--with', before, '--id', 'id')
  expect(code).toBe(1)
  expect(text).toContain('together with the other export these stand out')
})

test('refuses columns that are not there, files that are not there, and a k of one', async () => {
  const some = file('some.csv', many(2, 'DE'))
  await expect(report(some, '--quasi', 'region')).rejects.toThrow('There is no column region.')
  await expect(report(join(dir, 'absent.csv'), '--quasi', 'country')).rejects.toThrow('absent.csv')
  await expect(report(some, '--quasi', 'country', '--k', '1')).rejects.toThrow('above 1')
})
