import fc from 'fast-check'
import { readPolicyTables } from '../../../src/policy-files.ts'
import { policyUnderTest } from '../../running-gateway.ts'
import { accessRequests, OwnPolicy } from './access-requests.ts'
import { CedarPolicy } from './cedar-policy.ts'

test('the gateway and Cedar decide 20,000 requests alike', () => {
  const tables = readPolicyTables(policyUnderTest)
  const [ours, theirs] = [new OwnPolicy(tables), new CedarPolicy(tables)]
  fc.assert(
    fc.property(accessRequests(tables), (request) => {
      expect(ours.allows(request)).toBe(theirs.allows(request))
    }),
    { numRuns: 20_000 },
  )
}, 300_000)
