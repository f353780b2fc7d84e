import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { documentHash } from '../../../src/domain/access/trusted-document.ts'
import { registerDocuments } from '../../../src/inbound/cli/documents.ts'
import { RunningGateway } from '../../running-gateway.ts'

let running: RunningGateway
let dir: string
beforeAll(async () => {
  running = await RunningGateway.start()
  dir = mkdtempSync(join(tmpdir(), 'bauta-documents-'))
  await running.client({ id: 'acme', roles: ['partner'], adhoc: false })
})
afterAll(async () => {
  await running.stop()
  rmSync(dir, { recursive: true, force: true })
})

function program(print: (text: string) => void = () => {}): Command {
  const made = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  const open = async () => ({ documents: running.gateway.documents, close: async () => {} })
  registerDocuments(made, open, { print, err: process.stderr })
  return made
}

async function bauta(...words: string[]): Promise<string> {
  const printed: string[] = []
  await program((text) => void printed.push(text)).parseAsync(['documents', ...words], {
    from: 'user',
  })
  return printed.join('\n')
}

test('one document is one, and several are several', async () => {
  const register = async (...texts: string[]) => {
    const manifest = join(dir, 'manifest.json')
    const entries = texts.map((text) => [documentHash(text), text])
    writeFileSync(manifest, JSON.stringify(Object.fromEntries(entries)))
    return await bauta('register', manifest, '--client', 'acme')
  }
  const [one, other] = ['{ viewer { client } }', '{ viewer { __typename } }'] as const
  expect(await register(one)).toBe('1 document is registered for acme.')
  expect(await register(one, other)).toBe('2 documents are registered for acme.')
})

test('of a client that is not there nothing is listed; of a revoked one everything is', async () => {
  await expect(bauta('list', '--client', 'nobody')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'There is no client "nobody".',
  })
  await running.client({ id: 'gone', roles: ['partner'], adhoc: false })
  await running.gateway.clients.revoke('gone')
  expect(JSON.parse(await bauta('list', '--client', 'gone', '--json'))).toEqual([])
})

test.each(['register', 'remove'])('the help of %s says what has to be given', (name) => {
  const command = program().commands[0]?.commands.find((one) => one.name() === name)
  expect(command?.helpInformation()).toMatch(/--client <id>\s.+\(required\)/)
})
