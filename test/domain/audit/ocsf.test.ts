import fc from 'fast-check'
import type { AuditEntry } from '../../../src/domain/audit/entry.ts'
import { ocsfOf } from '../../../src/domain/audit/ocsf.ts'
import { entry as made } from '../../contracts/made-leaves.ts'

const entry = made({
  entryId: '01900000-0000-7000-8000-000000000001',
  requestId: '01900000-0000-7000-8000-000000000002',
  actor: {
    clientId: 'partnerAcme',
    userPseudonym: null,
    roles: ['partner'],
    tokenJti: 'token-1',
    cnfJkt: null,
  },
  operation: { documentId: 'sha256:00', name: 'Plan' },
  purposeIri: 'dpv:SellDataToThirdParties',
  legalBasis: 'consent',
  sets: [{ fields: [{ path: 'account.plan', treatment: 'CLEAR' }] }],
  subjects: [{ ref: 'ref-1', set: 0, consent: null }],
})

/** Attributes with the requirement `required` of API Activity (6003) and its objects in OCSF 1.5.0, by path. */
const REQUIRED: Readonly<Record<string, 'integer' | 'string' | 'object'>> = {
  activity_id: 'integer',
  category_uid: 'integer',
  class_uid: 'integer',
  severity_id: 'integer',
  time: 'integer',
  type_uid: 'integer',
  metadata: 'object',
  'metadata.version': 'string',
  'metadata.product': 'object',
  'metadata.product.vendor_name': 'string',
  actor: 'object',
  api: 'object',
  'api.operation': 'string',
  'api.request.uid': 'string',
  src_endpoint: 'object',
}
/** Of these, OCSF asks for at least one. */
const AT_LEAST_ONE: readonly (readonly string[])[] = [
  [
    'actor.process',
    'actor.user',
    'actor.invoked_by',
    'actor.session',
    'actor.app_name',
    'actor.app_uid',
  ],
  ['actor.user.account', 'actor.user.name', 'actor.user.uid'],
  ['src_endpoint.ip', 'src_endpoint.uid', 'src_endpoint.name', 'src_endpoint.hostname'],
]

function at(event: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], event)
}
const typeOf = (value: unknown) => (Number.isSafeInteger(value) ? 'integer' : typeof value)

describe('an entry as an OCSF event', () => {
  test('has every attribute that API Activity requires, whatever the entry', () => {
    const entries = fc.record({
      phase: fc.constantFrom('decision', 'export', 'admin') as fc.Arbitrary<AuditEntry['phase']>,
      outcome: fc.constantFrom('permit', 'deny', 'error') as fc.Arbitrary<AuditEntry['outcome']>,
      operation: fc.constantFrom({ documentId: null, name: null }, entry.operation),
      action: fc.option(
        fc.constantFrom<NonNullable<AuditEntry['action']>>(
          { action: 'client.create' },
          { counted: 'x' },
        ),
        { nil: undefined },
      ),
      userPseudonym: fc.constantFrom(null, 'p1abc'),
    })
    fc.assert(
      fc.property(entries, ({ userPseudonym, action, ...more }) => {
        const event = ocsfOf(
          {
            ...entry,
            ...more,
            ...(action ? { action } : {}),
            actor: { ...entry.actor, userPseudonym },
          },
          7,
        )
        for (const [path, type] of Object.entries(REQUIRED))
          expect([path, typeOf(at(event, path))]).toEqual([path, type])
        for (const paths of AT_LEAST_ONE)
          expect(paths.map((path) => at(event, path)).some((value) => value !== undefined)).toBe(
            true,
          )
        expect(event.type_uid).toBe(6_003 * 100 + (event.activity_id as number))
        expect([0, 1, 2, 3, 4, 99]).toContain(event.activity_id)
      }),
    )
  })

  test.each([
    ['a disclosure', {}, 2, 1],
    ['a denial', { outcome: 'deny', code: 'FORBIDDEN' }, 2, 2],
    ['a change over the API', { action: { consentWithdrawn: 'MARKETING' } }, 3, 1],
    ['a new client', { phase: 'admin', action: { action: 'client.create' } }, 1, 1],
    [
      'entries that were discarded',
      { phase: 'admin', action: { action: 'audit.discarded' } },
      4,
      1,
    ],
    ['a fit', { phase: 'admin', action: { action: 'fit-recommender' } }, 99, 1],
    ['an export', { phase: 'export', action: { action: 'audit.export' } }, 2, 1],
  ])('tells %s', (_what, changes, activity, status) => {
    const event = ocsfOf({ ...entry, ...(changes as Partial<AuditEntry>) }, 7)
    expect(event).toMatchObject({ activity_id: activity, status_id: status })
  })

  test('keeps who, when, whom and why', () => {
    expect(ocsfOf(entry, 7)).toMatchObject({
      time: Date.parse(entry.time),
      metadata: { uid: entry.entryId, correlation_uid: entry.requestId, sequence: 7 },
      actor: {
        app_uid: 'partnerAcme',
        user: { uid: 'partnerAcme', groups: [{ name: 'partner' }] },
      },
      api: { operation: 'Plan' },
      resources: [{ uid: 'ref-1', type: 'person' }],
      unmapped: { purpose: 'PARTNER_SHARING', legal_basis: 'consent', sets: entry.sets },
    })
  })
})
