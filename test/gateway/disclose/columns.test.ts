import { purposesOf, roleAsCaller } from '../../../src/domain/access/known-caller.ts'
import { compilePolicy } from '../../../src/domain/privacy/policy.ts'
import { explain, planOf } from '../../../src/gateway/disclose/explain.ts'
import { fieldRules } from '../../../src/gateway/disclose/fields.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'
import { policyUnderTest } from '../../running-gateway.ts'

const policy = compilePolicy(readPolicyTables(policyUnderTest))

describe('the columns that a plan reads', () => {
  test('are those of fields that some consent opens, for every role and purpose, and no others', () => {
    let left = 0
    for (const role of policy.roles.keys()) {
      const caller = roleAsCaller(policy, `role:${role}`)
      if (!caller) throw new Error(role)
      for (const key of purposesOf(policy, caller)) {
        const purpose = policy.purposes.get(key)
        if (!purpose) throw new Error(key)
        const { columns } = planOf(policy, caller, purpose, [...fieldRules.keys()])
        const seen = new Set(
          explain(policy, caller, key).categories.flatMap(({ category, seen }) =>
            seen.some(({ reason }) => reason === null) ? [category] : [],
          ),
        )
        const open = [...fieldRules.values()].filter(({ category }) => seen.has(category))
        const expected = new Set(open.flatMap((rule) => rule.columns))
        expect({ role, key, columns: [...columns].sort() }).toEqual({
          role,
          key,
          columns: [...expected].sort(),
        })
        left += [...fieldRules.values()].flatMap((rule) => rule.columns).length - expected.size
      }
    }
    expect(left).toBeGreaterThan(0)
  })

  test('hold no vault at all for a partner who asks for everything', () => {
    const caller = roleAsCaller(policy, 'role:partner')
    const purpose = policy.purposes.get('PARTNER_SHARING')
    if (!caller || !purpose) return
    const { columns } = planOf(policy, caller, purpose, [...fieldRules.keys()])
    expect([...columns].filter((column) => column.startsWith('sealed_'))).toEqual([])
  })
})
