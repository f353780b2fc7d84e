import { roleAsCaller } from '../../../src/domain/access/known-caller.ts'
import type { Client } from '../../../src/domain/access/principal.ts'
import { compileRetention } from '../../../src/domain/audit/retention-rules.ts'
import { coveredByAny } from '../../../src/domain/privacy/categories.ts'
import { compileDataRetention, keptDays } from '../../../src/domain/privacy/data-retention.ts'
import { compilePolicy, type PolicyTables } from '../../../src/domain/privacy/policy.ts'
import { privacyLabel } from '../../../src/gateway/disclose/privacy-label.ts'
import { processingRecord } from '../../../src/gateway/govern/processing-record.ts'
import { asHtml, asMarkdown } from '../../../src/inbound/cli/report-document.ts'
import { labelBlocks, processingBlocks } from '../../../src/inbound/cli/report-policy.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'

const tables = readPolicyTables('policy')
const acme: Client = {
  id: 'partner-acme',
  name: 'Acme, a <b>partner</b> | or so',
  roles: ['partner'],
  audience: 'acme',
  scopes: ['profile:read', 'segments:read'],
  purposes: ['PARTNER_SHARING'],
  defaultPurpose: null,
  categories: null,
  segments: null,
  writeKey: null,
  lookupsPerDay: 200,
  requestsPerMinute: null,
  costPerMinute: null,
  origins: [],
  adhoc: false,
  disabledAt: null,
}
const controller = [{ fact: 'name', value: 'Example GmbH' }]

function recordOf(of: PolicyTables, clients: readonly Client[] = [acme]) {
  const policy = compilePolicy(of)
  return processingRecord({
    policy,
    clients,
    dataRetention: compileDataRetention(of.dataRetention ?? [], policy.categories),
    trailRetention: compileRetention(of.retention ?? []),
    controller,
  })
}

describe('the record of processing', () => {
  test('says of purposes, categories, sources and retention what the policy files say', () => {
    const { activities, sources, trail, controller: stated } = recordOf(tables)
    expect(stated).toEqual(controller)
    expect(activities.map(({ purpose, legalBasis, dpv }) => [purpose, legalBasis, dpv])).toEqual(
      tables.purposes.map(({ purpose, legal_basis, dpv }) => [purpose, legal_basis, dpv]),
    )
    expect(sources).toEqual(
      tables.sources.map(({ source, kind, verified }) => ({
        source,
        kind,
        verified: verified === 'yes',
      })),
    )
    expect(trail.map((one) => [one.class, String(one.keepDays ?? 'forever')])).toEqual(
      tables.retention?.map((row) => [row.class, row.keep_days]),
    )
    const rules = compileDataRetention(tables.dataRetention ?? [], compilePolicy(tables).categories)
    for (const row of tables.purposes) {
      const covered = tables.categories.filter(({ category = '' }) =>
        coveredByAny((row.categories ?? '').split(' '), category),
      )
      const told = activities.find(({ purpose }) => purpose === row.purpose)?.categories
      expect(told).toEqual(
        covered.map(({ category = '', sensitivity }) => ({
          category,
          sensitivity,
          keepDays: keptDays(rules, category),
        })),
      )
    }
  })

  test('names who receives what in which form, and leaves out who was revoked', () => {
    const sharing = (clients: readonly Client[]) =>
      recordOf(tables, clients).activities.find(({ purpose }) => purpose === 'PARTNER_SHARING')
    const [recipient] = sharing([acme])?.recipients ?? []
    expect(recipient?.audience).toBe('acme')
    expect(recipient?.receives).toContainEqual({
      category: 'user.behavior.activity',
      form: 'GENERALISED',
    })
    expect(recipient?.receives.map(({ category }) => category)).not.toContain('user.name')
    expect(sharing([{ ...acme, disabledAt: 1 }])?.recipients).toEqual([])
    expect(sharing([{ ...acme, purposes: [] }])?.recipients).toEqual([])
  })

  test('changes with every table that it is made of', () => {
    const before = JSON.stringify(recordOf(tables))
    const changed = (table: keyof PolicyTables, column: string, value: string): PolicyTables => ({
      ...tables,
      [table]: (tables[table] ?? []).map((row, at) =>
        at === 0 ? { ...row, [column]: value } : row,
      ),
    })
    const changes: readonly PolicyTables[] = [
      changed('purposes', 'legal_basis', 'public_interest'),
      changed('purposes', 'categories', 'user.consent'),
      changed('sources', 'kind', 'other'),
      changed('categories', 'sensitivity', 'HIGH'),
      changed('retention', 'keep_days', '7'),
      changed('dataRetention', 'keep_days', '7'),
      changed('words', 'in_words', 'to see whether it changes'),
    ]
    const withoutVersion = (text: string) => text.replace(/"policyVersion":"\w+"/, '')
    for (const change of changes)
      expect(withoutVersion(JSON.stringify(recordOf(change)))).not.toBe(withoutVersion(before))
  })

  test('is printed with every category and recipient, and no name breaks out of its cell', () => {
    const blocks = processingBlocks(recordOf(tables))
    const markdown = asMarkdown(blocks)
    for (const { category = '' } of tables.categories)
      expect(markdown).toContain(category.replaceAll('_', '\\_'))
    expect(markdown).toContain('Acme, a \\<b\\>partner\\</b\\> \\| or so (partner-acme)')
    const html = asHtml('Records', blocks)
    expect(html).toContain('Acme, a &lt;b&gt;partner&lt;/b&gt; | or so')
    expect(html).not.toContain('<b>')
    expect(html).not.toContain('<script')
  })
})

describe('a privacy label', () => {
  const policy = compilePolicy(tables)
  const labelOf = (of: PolicyTables) => {
    const under = compilePolicy(of)
    const caller = roleAsCaller(under, 'role:partner')
    if (!caller) throw new Error('a role was named')
    return privacyLabel(under, caller, compileRetention(of.retention ?? []))
  }

  test('tells all that the role may ever see, and nothing else', () => {
    const { purposes, never, trailDays } = labelOf(tables)
    const [sharing] = purposes
    const covered = policy.purposes.get('PARTNER_SHARING')?.categories ?? []
    const expected = tables.roles.flatMap(({ category = '', partner }) =>
      partner !== 'WITHHELD' && coveredByAny(covered, category) ? [[category, partner]] : [],
    )
    expect(sharing?.sees.map(({ category, form }) => [category, form]).sort()).toEqual(
      expected.sort(),
    )
    expect(sharing?.seenWhen).toEqual(['ConsentGiven'])
    expect([...never, ...(sharing?.sees ?? []).map(({ category }) => category)].sort()).toEqual(
      [...policy.categories.keys()].sort(),
    )
    expect(trailDays).toBe(2192)
  })

  test('changes with the policy', () => {
    const stricter = {
      ...tables,
      roles: tables.roles.map((row) =>
        row.category === 'user.account.plan' ? { ...row, partner: 'WITHHELD' } : row,
      ),
    }
    expect(labelOf(tables).never).not.toContain('user.account.plan')
    expect(labelOf(stricter).never).toContain('user.account.plan')
    const printed = asMarkdown(labelBlocks('Label', labelOf(stricter)))
    expect(printed).toContain('user.behavior.activity | GENERALISED')
  })
})
