import { identifiesNobody } from '../../../src/domain/profiles/identifier.ts'

test.each([
  ['userId', '', true],
  ['userId', ' NULL ', true],
  ['userId', 'undefined', true],
  ['userId', 'Unknown', true],
  ['userId', '-1', true],
  ['userId', '-', true],
  ['userId', '000', true],
  ['userId', '00000000-0000-0000-0000-000000000000', true],
  ['userId', '0', false],
  ['userId', ' 0 ', false],
  ['userId', '10', false],
  ['anonymousId', '0', true],
  ['deviceId', '0', true],
  ['crmId', '0', true],
  ['phone', '0', true],
])('the %s %j names nobody: %p', (kind, value, nobody) => {
  expect(identifiesNobody({ kind, value })).toBe(nobody)
})
