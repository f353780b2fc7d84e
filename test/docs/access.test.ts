import { readFileSync } from 'node:fs'
import { readConfig } from '../../src/config.ts'
import { isApiKey, newApiKey } from '../../src/domain/access/api-key.ts'
import { compilePolicy } from '../../src/domain/privacy/policy.ts'
import { identityProvidersOf } from '../../src/identity-provider-file.ts'
import { readPolicyTables } from '../../src/policy-files.ts'
import { randomness } from '../clock-and-randomness.ts'

const blockOf = (file: string, begins: RegExp) => {
  const blocks = readFileSync(file, 'utf8').matchAll(/```(?:json)?\n([\s\S]*?)```/g)
  return [...blocks].map(([, text = '']) => text.trim()).find((text) => begins.test(text)) ?? ''
}

describe('docs/clients.md', () => {
  const pattern = new RegExp(`^${blockOf('docs/clients.md', /\{36\}$/)}$`)
  const example = blockOf('docs/clients.md', /^bauta_\w+$/)

  test('tells secret scanners how every key looks', () => {
    for (let n = 0; n < 100; n++) expect(newApiKey(randomness)).toMatch(pattern)
    expect('bauta_').not.toMatch(pattern)
  })

  test('shows a text of that form that is no key', () => {
    expect(example).toMatch(pattern)
    expect(isApiKey(example)).toBe(false)
  })
})

test('docs/identity-providers.md shows a file that a gateway in production takes', () => {
  const { roles } = compilePolicy(readPolicyTables(readConfig({}).policyDir))
  const json = JSON.parse(blockOf('docs/identity-providers.md', /^\[/))
  expect(identityProvidersOf(json, { mode: 'production', roles })).toHaveLength(2)
})
