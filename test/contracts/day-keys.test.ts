import { mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileDayKeys } from '../../src/outbound/keys/file-day-keys.ts'
import { randomness } from '../clock-and-randomness.ts'
import { dayKeysContract } from './day-keys.contract.ts'

const master = Buffer.alloc(32, 7)
const newDir = () => join(mkdtempSync(join(tmpdir(), 'bauta-days-')), 'days')
const openIn = (dir: string) => new FileDayKeys(dir, master, randomness)

dayKeysContract('a folder', () => {
  const dir = newDir()
  return () => openIn(dir)
})

test('the file of a day does not hold its key in clear, and opens under that day only', async () => {
  const dir = newDir()
  const key = await openIn(dir).make('2026-01-31')
  expect(readdirSync(dir)).toEqual(['2026-01-31.key'])
  expect(readFileSync(join(dir, '2026-01-31.key')).includes(Buffer.from(key))).toBe(false)
  renameSync(join(dir, '2026-01-31.key'), join(dir, '2026-02-01.key'))
  await expect(openIn(dir).find('2026-02-01')).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' })
  await expect(openIn(dir).make('2026-02-01')).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' })
})

test('a folder that can not be written refuses, and works again when it can', async () => {
  const dir = newDir()
  writeFileSync(dir, 'in the way')
  const keys = openIn(dir)
  await expect(keys.make('2026-01-31')).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' })
  renameSync(dir, `${dir}.old`)
  expect(await keys.make('2026-01-31')).toHaveLength(32)
})
