import type { Principal } from '../../../src/domain/access/principal.ts'
import type { Denials } from '../../../src/gateway/scope/denials.ts'
import { DocumentGate } from '../../../src/gateway/scope/document-gate.ts'
import type { Recorder } from '../../../src/gateway/scope/recorder.ts'
import { AccessHouse } from '../access-house.ts'

let house: AccessHouse
beforeAll(async () => {
  house = await AccessHouse.open()
})

const gateIn = (mode: 'development' | 'production') =>
  new DocumentGate({
    store: { find: async () => null },
    audiences: house.audiences,
    denials: { spend: async () => {} } as unknown as Denials,
    recorder: { recordAction: async () => '' } as unknown as Recorder,
    development: mode === 'development',
  })

let count = 0
const principal = async (role: string, adhoc: boolean): Promise<Principal> =>
  await house.authenticate((await house.client(`client-${count++}`, role, { adhoc })).key)

const mayAsk = async (gate: DocumentGate, who: Principal) =>
  await gate.admit(who, undefined, 'request').then(
    () => true,
    ({ code }) => code,
  )

test.each([
  ['partner', false, 'development', 'DOCUMENT_REQUIRED'],
  ['partner', true, 'development', true],
  ['partner', false, 'production', 'DOCUMENT_REQUIRED'],
  ['partner', true, 'production', 'DOCUMENT_REQUIRED'],
  ['support', false, 'production', true],
] as const)('Documents of its own: a %s, adhoc %s, in %s: %s', async (role, adhoc, mode, may) => {
  expect(await mayAsk(gateIn(mode), await principal(role, adhoc))).toBe(may)
})

test.each([
  ['partner', false, 'development', false],
  ['partner', true, 'development', true],
  ['partner', true, 'production', false],
  ['support', false, 'development', true],
  ['support', false, 'production', false],
  ['admin', false, 'production', true],
  ['analyst', false, 'production', true],
] as const)('Introspection: a %s, adhoc %s, in %s: %s', async (role, adhoc, mode, may) => {
  expect(gateIn(mode).mayIntrospect(await principal(role, adhoc))).toBe(may)
})
