import { randomUUID } from 'node:crypto'
import { Command } from 'commander'
import { DEFAULT_REGULATION } from '../../../src/domain/privacy/subject-request.ts'
import type { HeldRequest } from '../../../src/domain/profiles/subject-request-store.ts'
import { RequestRegister } from '../../../src/gateway/govern/request-register.ts'
import { registerRequests } from '../../../src/inbound/cli/requests.ts'
import { DAY } from '../../../src/kernel/time.ts'
import { PostgresSubjectRequestStore } from '../../../src/outbound/postgres/subject-request-store.ts'
import { type FreshDatabase, freshEmbedded } from '../../contracts/fresh-database.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const REASON = 'three systems, says Erika Muster'

let db: FreshDatabase
let recorded: string[]

const request = (more: Partial<HeldRequest>): HeldRequest => ({
  id: randomUUID(),
  version: 0,
  subject: null,
  type: 'access',
  status: 'pending',
  regulation: DEFAULT_REGULATION,
  clientId: 'crm-desk',
  clientRequestId: null,
  submittedAt: NOW - 2 * DAY,
  receivedAt: NOW - DAY,
  dueAt: NOW + DAY,
  extension: null,
  settledAt: null,
  identities: null,
  callbacks: null,
  ...more,
})
const waiting = request({ identities: Buffer.from('sealed'), extension: REASON })
const late = request({ regulation: 'ccpa', type: 'portability', dueAt: NOW - DAY })
const done = request({ type: 'erasure', status: 'completed', settledAt: NOW, dueAt: NOW - DAY })

beforeAll(async () => {
  db = await freshEmbedded()
  const store = new PostgresSubjectRequestStore(db.database)
  for (const one of [waiting, late, done]) await store.open(one, [])
})
afterAll(async () => await db?.drop())

async function bauta(...words: string[]): Promise<string> {
  const printed: string[] = []
  recorded = []
  const program = new Command().exitOverride().configureOutput({
    writeErr: () => {},
    writeOut: (text) => void printed.push(text),
  })
  const recorder = {
    recordAction: async (action: object) => {
      recorded.push(JSON.stringify(action))
      return ''
    },
  }
  const register = new RequestRegister(new PostgresSubjectRequestStore(db.database), recorder, {
    now: () => NOW,
  })
  const open = async () => ({ register, close: async () => {} })
  registerRequests(program, open, (text) => void printed.push(text))
  for (const command of program.commands.flatMap((one) => [one, ...one.commands]))
    command.exitOverride().configureOutput(program.configureOutput())
  await program.parseAsync(['requests', ...words], { from: 'user' })
  return printed.join('\n')
}

const idsIn = (text: string) => (JSON.parse(text) as { id: string }[]).map(({ id }) => id).sort()

describe('bauta requests', () => {
  test('lists all, those that are open, and those that are overdue, and leaves an entry', async () => {
    expect(idsIn(await bauta('list', '--json'))).toEqual([waiting.id, late.id, done.id].sort())
    expect(recorded).toEqual(['{"action":"request.list","requests":3}'])
    expect(idsIn(await bauta('list', '--open', '--json'))).toEqual([waiting.id, late.id].sort())
    expect(idsIn(await bauta('list', '--overdue', '--json'))).toEqual([late.id])
    const table = await bauta('list')
    for (const word of [late.id, 'portability', 'ccpa', '2026-02-28T12:00:00.000Z, overdue'])
      expect(table).toContain(word)
    expect(table.match(/overdue/g)).toHaveLength(1)
  })

  test('shows one, without whom it is about and without anything that somebody wrote', async () => {
    const shown = await bauta('show', waiting.id)
    for (const word of ['crm-desk', 'gdpr', 'pending', '2026-02-27T12:00:00.000Z'])
      expect(shown).toContain(word)
    const json = JSON.parse(await bauta('show', waiting.id, '--json'))
    expect(json).toMatchObject({ id: waiting.id, isExtended: true, isOverdue: false })
    expect(Object.keys(json)).not.toEqual(expect.arrayContaining(['subject']))
    const everything = [shown, JSON.stringify(json), await bauta('list'), ...recorded].join('')
    expect(everything).not.toContain('Muster')
    expect(recorded).toEqual(['{"action":"request.list","requests":3}'])
  })

  test('says what is wrong with what was asked', async () => {
    await expect(bauta('show', 'nonsense')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(bauta('show', randomUUID())).rejects.toMatchObject({ code: 'NOT_FOUND' })
    for (const limit of ['0', 'many', '1.5', '9999999'])
      await expect(bauta('list', '--limit', limit)).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      })
    await expect(bauta('list', '--open', '--overdue')).rejects.toMatchObject({
      code: 'commander.conflictingOption',
    })
    await expect(bauta('list', '--help')).rejects.toMatchObject({ code: 'commander.helpDisplayed' })
  })
})
