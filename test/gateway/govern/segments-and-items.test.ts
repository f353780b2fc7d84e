import { grantOf } from '../../../src/domain/access/grant.ts'
import type { Client, Principal, Scope as ScopeName } from '../../../src/domain/access/principal.ts'
import { compilePolicy } from '../../../src/domain/privacy/policy.ts'
import type { Item, RecommendationStore } from '../../../src/domain/recommendations/recommender.ts'
import type { Segment } from '../../../src/domain/segments/rule.ts'
import type { SegmentStore } from '../../../src/domain/segments/segment-store.ts'
import { Items } from '../../../src/gateway/govern/items.ts'
import { Segments } from '../../../src/gateway/govern/segments.ts'
import type { Recorder } from '../../../src/gateway/scope/recorder.ts'
import { Scope } from '../../../src/gateway/scope/scope.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'
import { SetClock } from '../../clock-and-randomness.ts'

const policy = compilePolicy(readPolicyTables('policy'))
const clock = new SetClock()

function scopeOf(role: string, scopes: ScopeName[], more: Partial<Client> = {}): Scope {
  const client: Client = {
    id: role,
    name: role,
    roles: [role],
    audience: role,
    scopes,
    purposes: [],
    defaultPurpose: null,
    categories: null,
    segments: null,
    writeKey: null,
    lookupsPerDay: null,
    requestsPerMinute: null,
    costPerMinute: null,
    origins: [],
    adhoc: false,
    disabledAt: null,
    ...more,
  }
  const principal: Principal = {
    client,
    roles: [role],
    scopes: new Set(scopes),
    subject: null,
    purposes: new Set(),
    defaultPurpose: null,
    tokenId: 'token',
    expiresAt: null,
    subjects: null,
    cnfJkt: null,
  }
  return new Scope('request', principal, grantOf(principal, null), new Map(), clock.now())
}

describe('segments', () => {
  let defined: Segment[]
  let recorded: unknown[]
  let heldBefore: number[]
  let segments: Segments
  const draft = {
    key: 'regulars',
    name: ' Regulars ',
    description: 'Five sessions or more.',
    rule: { field: 'sessionCount', is: '>=', value: 5 },
  }
  const marketer = (more: Partial<Client> = {}) => scopeOf('marketer', ['segments:write'], more)

  beforeEach(() => {
    defined = []
    recorded = []
    heldBefore = []
    const store: Pick<SegmentStore, 'define' | 'remove'> = {
      define: async (segment) => defined.push(segment),
      remove: async (key) => defined.some((segment) => segment.key === key),
    }
    const recorder: Pick<Recorder, 'recordAction'> = {
      recordAction: async (action) => {
        recorded.push(action)
        heldBefore.push(defined.length)
        return 'entry'
      },
    }
    segments = new Segments(store as SegmentStore, policy, recorder as Recorder, clock)
  })

  test('are stored with the categories of their rule and shown in one line, on the trail before they hold', async () => {
    expect(await segments.define(marketer(), draft)).toEqual({
      key: 'regulars',
      name: 'Regulars',
      description: 'Five sessions or more.',
      rule: 'sessionCount >= 5',
      categories: ['user.behavior.activity'],
    })
    expect(defined).toMatchObject([
      { key: 'regulars', categories: ['user.behavior.activity'], createdAt: clock.now() },
    ])
    expect(recorded).toEqual([{ action: 'segment.define', segment: 'regulars' }])
  })

  test('need the scope, to define and to remove', async () => {
    const scope = scopeOf('marketer', ['segments:read'])
    await expect(segments.define(scope, draft)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(segments.remove(scope, 'regulars')).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(defined).toEqual([])
  })

  test.each([
    [{ key: 'Regulars!' }, 'key:'],
    [{ key: '__proto__' }, 'key:'],
    [{ name: '   ' }, 'name:'],
    [{ name: 'two\nlines' }, 'name:'],
    [{ description: 'x'.repeat(1_001) }, 'description:'],
    [{ rule: { all: [{ field: 'email', is: 'known' }] } }, 'rule.all[0].field:'],
  ])('like %j are refused with the place', async (change, place) => {
    const refused = segments.define(marketer(), { ...draft, ...change })
    await expect(refused).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(place),
    })
    expect(defined).toEqual([])
  })

  test('over what their author may not see are refused: memberships would tell it', async () => {
    const limited = marketer({ categories: ['user.behavior.purchase_history'] })
    const refused = segments.define(limited, {
      ...draft,
      rule: { any: [{ field: 'orderCount', is: '>', value: 1 }, draft.rule] },
    })
    await expect(refused).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: 'The rule reads what you may not: user.behavior.activity.',
    })
    // A partner who was handed the scope sees no purchases and may word no rule over them.
    const partner = scopeOf('partner', ['segments:write'])
    const overOrders = { ...draft, rule: { event: 'Order Completed', is: 'atLeast', count: 1 } }
    await expect(segments.define(partner, overOrders)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(defined).toEqual([])
  })

  test('may be over anything in the features for an author who sees no membership', async () => {
    await segments.define(scopeOf('admin', ['segments:write']), draft)
    expect(defined).toHaveLength(1)
  })

  test('of the operator stand on the trail before they hold', async () => {
    await segments.defineAsOperator(draft)
    expect(recorded).toEqual([{ action: 'segment.define', segment: 'regulars' }])
    expect(heldBefore).toEqual([0])
    expect(defined).toHaveLength(1)
  })

  test('are removed on the trail too, or not found', async () => {
    await segments.define(marketer(), draft)
    expect(await segments.remove(marketer(), 'regulars')).toBe(true)
    expect(await segments.remove(marketer(), 'unheard-of')).toBe(false)
    expect(await segments.remove(marketer(), 'Maria Rossi')).toBe(false)
    expect(recorded.slice(1)).toEqual([
      { action: 'segment.remove', segment: 'regulars' },
      { action: 'segment.remove', segment: 'unheard-of' },
    ])
  })
})

describe('items', () => {
  let saved: (readonly Item[])[]
  let items: Items
  let recorded: unknown[]
  const draft = { id: ' tea-1 ', title: 'Tea', category: 'tea', price: 2.5, available: true }
  const keeper = () => scopeOf('marketer', ['items:write'])

  beforeEach(() => {
    saved = []
    recorded = []
    const store: Pick<RecommendationStore, 'saveItems'> = {
      saveItems: async (more) => {
        saved.push(more)
      },
    }
    const recorder: Pick<Recorder, 'recordAction'> = {
      recordAction: async (action) => {
        recorded.push([action, saved.length])
        return 'entry'
      },
    }
    items = new Items(store as RecommendationStore, recorder as Recorder)
  })

  test('are saved, on the trail before they hold', async () => {
    expect(await items.upsert(keeper(), draft)).toMatchObject({ id: 'tea-1', price: 2.5 })
    expect(await items.upsert(keeper(), { id: 'x', title: 'X', available: false })).toMatchObject({
      category: null,
      price: null,
      available: false,
    })
    expect(saved).toHaveLength(2)
    expect(recorded).toEqual([
      [{ action: 'item.save' }, 0],
      [{ action: 'item.save' }, 1],
    ])
  })

  test.each([
    [{ id: '' }, 'id:'],
    [{ title: 'a\u0000' }, 'title:'],
    [{ category: ' ' }, 'category:'],
    [{ price: -1 }, 'price:'],
    [{ price: Number.POSITIVE_INFINITY }, 'price:'],
  ])('like %j are refused, nothing is saved', async (change, place) => {
    await expect(items.upsert(keeper(), { ...draft, ...change })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(place),
    })
    expect(saved).toEqual([])
  })

  test('need the scope', async () => {
    const scope = scopeOf('marketer', ['segments:write'])
    await expect(items.upsert(scope, draft)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })
})
