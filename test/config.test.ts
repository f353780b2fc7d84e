import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConfigError, describeConfig, readConfig, reportConfig } from '../src/config.ts'
import { compilePolicy } from '../src/domain/privacy/policy.ts'
import { readPolicyTables } from '../src/policy-files.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')

describe('settings', () => {
  test('need nothing set for development on loopback', () => {
    expect(readConfig({})).toMatchObject({
      mode: 'development',
      host: '127.0.0.1',
      port: 4000,
      databaseUrl: null,
      demo: true,
      publicUrl: null,
      masterKey: { kind: 'create' },
    })
  })

  test('can not be changed once read', () => {
    const config = readConfig({})
    expect(() => Object.assign(config, { demo: false })).toThrow(TypeError)
  })

  test('in production hold no demo and need a master key', () => {
    expect(() => readConfig({ BAUTA_MODE: 'production' })).toThrow(/BAUTA_MASTER_KEY is required/)
    expect(() => readConfig({ NODE_ENV: 'production' })).toThrow(/BAUTA_MASTER_KEY is required/)
    const config = readConfig({ BAUTA_MODE: 'production', BAUTA_MASTER_KEY: KEY })
    expect(config).toMatchObject({ mode: 'production', demo: false })
    expect(() =>
      readConfig({ BAUTA_MODE: 'production', BAUTA_MASTER_KEY: KEY, BAUTA_DEMO: 'on' }),
    ).toThrow(/BAUTA_DEMO/)
  })

  test('count an empty variable as not set', () => {
    expect(readConfig({ PORT: ' ', DATABASE_URL: '' })).toMatchObject({ port: 4000 })
  })

  test.each([
    ['PORT', '70000'],
    ['PORT', '4000x'],
    ['PORT', '-1'],
    ['HOST', 'not a host'],
    ['BAUTA_MODE', 'staging'],
    ['DATABASE_URL', 'mysql://host/db'],
    ['DATABASE_URL', 'just-a-host'],
    ['BAUTA_DB_POOL', '0'],
    ['BAUTA_PUBLIC_URL', 'https://example.com/path'],
    ['BAUTA_PUBLIC_URL', 'ftp://example.com'],
    ['BAUTA_ALLOWED_ORIGINS', 'https://a.example,*'],
    ['BAUTA_LOG_LEVEL', 'loud'],
    ['BAUTA_DEMO', 'maybe'],
    ['BAUTA_REQUEST_TIMEOUT_MS', '1.5'],
    ['BAUTA_MASTER_KEY', 'too short'],
    ['BAUTA_MASTER_KEY', Buffer.alloc(31).toString('base64')],
  ])('refuse %s=%s, naming the variable and an example', (name, text) => {
    let message = ''
    try {
      readConfig({ [name]: text })
    } catch (error) {
      message = (error as ConfigError).message
      expect((error as ConfigError).name).toBe('ConfigError')
    }
    expect(message).toContain(name)
    expect(message).toContain('Example:')
    if (name === 'BAUTA_MASTER_KEY' || name === 'DATABASE_URL') expect(message).not.toContain(text)
  })

  test('refuse a mistyped name, which would silently not hold', () => {
    expect(() => readConfig({ BAUTA_MASTERKEY: KEY })).toThrow(/BAUTA_MASTERKEY is not a variable/)
  })

  test('take the master key from one of three sources, and refuse two', () => {
    const sources = {
      BAUTA_MASTER_KEY: KEY,
      BAUTA_MASTER_KEY_FILE: '/key',
      BAUTA_MASTER_KEY_COMMAND: 'cat /key',
    }
    const kinds = Object.entries(sources).map(([name, text]) => {
      const others = Object.entries(sources).filter(([other]) => other !== name)
      for (const [other, value] of others)
        expect(() => readConfig({ [name]: text, [other]: value })).toThrow(/set one of them/)
      return readConfig({ BAUTA_MODE: 'production', [name]: text }).masterKey.kind
    })
    expect(kinds).toEqual(['value', 'file', 'command'])
  })

  test('keep copies of wrapping keys no longer than certificates say of all backups', () => {
    const periods = (backup: string, keys = '') => {
      const { backupDays, keyBackupDays } = readConfig({
        BAUTA_BACKUP_DAYS: backup,
        BAUTA_KEY_BACKUP_DAYS: keys,
      })
      return [backupDays, keyBackupDays]
    }
    expect([periods(''), periods('365'), periods('7'), periods('0')]).toEqual([
      [30, 30],
      [365, 30],
      [7, 7],
      [0, 1],
    ])
    expect(periods('7', '7')).toEqual([7, 7])
    expect(() => periods('7', '8')).toThrow(/BAUTA_KEY_BACKUP_DAYS is more than BAUTA_BACKUP_DAYS/)
    expect(() => periods('', '31')).toThrow(/BAUTA_KEY_BACKUP_DAYS/)
    expect(() => periods('0', '2')).toThrow(/BAUTA_KEY_BACKUP_DAYS/)
  })

  test('are listed with what is set, secrets without their value', () => {
    const lines = describeConfig({
      PORT: '8080',
      BAUTA_MASTER_KEY: KEY,
      DATABASE_URL: 'postgres://u:hunter2@h/d',
    })
    const shown = new Map(lines.map(({ name, value }) => [name, value]))
    expect(shown.get('PORT')).toBe('8080')
    expect(shown.get('HOST')).toBe('127.0.0.1 (default)')
    expect(shown.get('BAUTA_MASTER_KEY')).toBe('set')
    expect(shown.get('DATABASE_URL')).toBe('set')
    expect(JSON.stringify(lines)).not.toContain('hunter2')
    expect(lines.every(({ meaning, example }) => meaning !== '' && example !== '')).toBe(true)
  })
})

test('a report lists the settings also where one can not be used, and says which', () => {
  const { settings, complaint } = reportConfig({ PORT: 'x' })
  expect(complaint).toMatch(/^PORT must be/)
  expect(settings.find(({ name }) => name === 'PORT')?.value).toBe('x')
  expect(reportConfig({}).complaint).toBeNull()
})

describe('policy files', () => {
  test('of this package compile', () => {
    const policy = compilePolicy(readPolicyTables(readConfig({}).policyDir))
    expect(policy.purposes.size).toBeGreaterThan(0)
    expect(policy.roles.has('partner')).toBe(true)
  })

  test('that are missing or broken are named', () => {
    const dir = mkdtempSync(join(tmpdir(), 'bauta-policy-'))
    expect(() => readPolicyTables(dir)).toThrow(/purposes\.csv/)
    writeFileSync(join(dir, 'purposes.csv'), 'purpose,roles\nSERVICE,"subject\n')
    expect(() => readPolicyTables(dir)).toThrow(/purposes\.csv/)
  })
})
