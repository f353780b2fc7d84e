import { Command } from 'commander'
import type { Fork } from '../../../src/gateway/attest/fork.ts'
import type { TrailState } from '../../../src/gateway/attest/trail-state.ts'
import { registerAuditState } from '../../../src/inbound/cli/audit-state.ts'

const state: TrailState = {
  doubt: null,
  origin: 'gateway.example.com/audit',
  key: 'gateway.example.com/audit+01234567+AAAA',
  entries: 12,
  signed: 10,
  signedAt: Date.UTC(2026, 0, 31),
  witnessed: 7,
  archived: 0,
}
const signed = { size: 15, root: Buffer.alloc(32), note: '' }
const fork: Fork = {
  from: { ...signed, epoch: 1, origin: 'gateway.example.com/audit' },
  to: { ...signed, epoch: 2, size: 11, origin: 'gateway.example.com/audit/2' },
}

let printed: string
let closed: number
let forks: number
beforeEach(() => {
  printed = ''
  closed = 0
  forks = 0
})
afterEach(() => {
  process.exitCode = undefined
})

async function bauta(now: TrailState, ...words: string[]) {
  const program = new Command().exitOverride()
  const audit = program.command('audit')
  registerAuditState(
    audit,
    async () => ({
      trail: {
        state: async () => now,
        fork: async () => {
          forks++
          return fork
        },
      },
      close: async () => {
        closed++
      },
    }),
    (text) => {
      printed += `${text}\n`
    },
  )
  for (const command of [program, audit, ...audit.commands])
    command.exitOverride().configureOutput({ writeErr: () => {} })
  await program.parseAsync(['audit', ...words], { from: 'user' })
}

test('bauta audit status says how the trail is, and fails where it is in doubt', async () => {
  await bauta(state, 'status')
  expect(printed).toContain(
    'entries:   12\nsigned:    10, 2026-01-31T00:00:00.000Z\nwitnessed: 7\n',
  )
  expect(printed).toContain(`key:       ${state.key}`)
  expect(process.exitCode).toBeUndefined()
  await bauta({ ...state, doubt: 'shrunk', witnessed: null, signedAt: null }, 'status')
  expect(printed).toContain('witnessed: none\n')
  expect(printed).toContain('in doubt:  shrunk\n')
  expect(process.exitCode).toBe(1)
  expect(closed).toBe(2)
})

test('bauta audit fork wants to hear that it is accepted', async () => {
  await expect(bauta(state, 'fork')).rejects.toThrow('--accept')
  expect(forks).toBe(0)
  await bauta(state, 'fork', '--accept')
  expect(forks).toBe(1)
  expect(printed).toContain('gateway.example.com/audit ends with 15 entries')
  expect(printed).toContain('gateway.example.com/audit/2 begins; it covers 11')
  expect(closed).toBe(1)
})
