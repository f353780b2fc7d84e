import { type AuditResult, serverAudits } from 'graphql-http'
import { RunningGateway } from '../../running-gateway.ts'

/**
 * The audits of GraphQL over HTTP that graphql-http brings, over a socket. What is not as they would have it is refused on
 * purpose: a GET without a header that a page of another origin can not send (prevention of cross-site requests).
 */
const ON_PURPOSE = ['5A70', 'D6D5', '6A70']

/** Pinned, so that none is lost with another version. */
const OK = [
  '22EB 4655 47DE 80D8 82A3 BF61 78D5 2C94 9C48 9ABE 03D4 A5BF',
  '423L LKJ0 LKJ1 LKJ2 LKJ3 34A2 13EE 6C00 6C01 6C02 6C03 8161',
  'B8B3 94B0 0220 94B1 0221 94B2 0222 4760 4761 4762 4763 2EA1',
  '28B9 58B0 58B1 58B2 58B3 428F 1B7A B6DC BCF8 B7N8 8764 3E3A',
  '572B FDE2 7B9B 865D 556A D586 51FE 74FF 5E5B 86EE',
].flatMap((line) => line.split(' '))

let running: RunningGateway
let results: readonly AuditResult[]
beforeAll(async () => {
  running = await RunningGateway.start()
  const token = await running.client({ id: 'support', roles: ['support'] })
  const audits = serverAudits({
    url: `${running.origin}/graphql`,
    fetchFn: async (url: string, init: RequestInit = {}) =>
      await fetch(url, {
        ...init,
        headers: { ...(init.headers as object), authorization: `Bearer ${token}` },
      }),
  })
  const found: AuditResult[] = []
  for (const { fn } of audits) found.push(await fn())
  results = found
})
afterAll(async () => await running.stop())

const idsOf = (status: AuditResult['status']) =>
  results.filter((one) => one.status === status).map(({ id }) => id)

test('58 audits are ok', () => {
  expect(idsOf('ok')).toEqual(OK)
  expect(OK).toHaveLength(58)
})

test('three notice that GET needs a header, and nothing is a warning or an error', () => {
  expect(idsOf('notice')).toEqual(ON_PURPOSE)
  expect([idsOf('warn'), idsOf('error')]).toEqual([[], []])
})
