import type { Policy } from '../src/domain/privacy/policy.ts'
import type { IngestInput } from '../src/gateway/ingest/ingest-input.ts'
import type { SubjectId } from '../src/kernel/ids.ts'
import { DAY } from '../src/kernel/time.ts'
import { type Caller, READING, registerRoles } from './callers.ts'
import { type As, given, type RunningGateway } from './running-gateway.ts'
import { consentInputs, type Situation } from './situations.ts'

const STARTED = Date.now()
/** So many days ago, as it is told and as it is shown. */
export const at = (days: number) => new Date(STARTED - days * DAY).toISOString()

/** Values of the traits of an ordinary installation; others get one by their type. */
const VALUES: Readonly<Record<string, unknown>> = {
  name: 'Maria Rossi',
  email: 'maria.rossi@example.com',
  phone: '+493023125123',
  address: 'Calle Larga 7, Venezia',
  birthDate: '1985-04-12',
  country: 'DE',
  identityVerifiedAt: at(40),
  externalId: 'external-4711',
}

/** A value of a registered trait; another `turn` gives another value. */
export function valueOfTrait(policy: Policy, key: string, turn = 0): unknown {
  const type = policy.traits.get(key)?.type
  const values: Partial<Record<string, readonly unknown[]>> = {
    number: [41, 42],
    boolean: [true, false],
    date: ['2019-03-04', '2019-03-05'],
    instant: [at(40), at(41)],
    email: ['maria.rossi@example.com', 'wanda.rossi@example.org'],
    phone: ['+493023125123', '+493023125124'],
    country: ['DE', 'FR'],
    language: ['it', 'de'],
  }
  return turn === 0 && key in VALUES
    ? VALUES[key]
    : (values[type ?? '']?.[turn] ?? (turn === 0 ? `${key} one` : `${key} two`))
}

/** All registered traits of one person. */
export function traitsOf(policy: Policy, turn = 0): Record<string, unknown> {
  return Object.fromEntries(
    [...policy.traits.keys()].map((key) => [key, valueOfTrait(policy, key, turn)]),
  )
}

/** The record of one person; contacts are theirs alone, because they would merge them with others. */
export function recordOf(
  policy: Policy,
  of: { subject: SubjectId; ordinal: number; country: string | null },
): Extract<IngestInput, { type: 'profile' }> {
  return {
    type: 'profile',
    recordKey: `traits-${of.subject}`,
    identifiers: [],
    observedAt: at(20),
    traits: {
      ...traitsOf(policy),
      email: `maria.rossi.${of.ordinal}@example.com`,
      phone: `+493023125${String(of.ordinal).padStart(3, '0')}`,
      country: of.country,
    },
  }
}

export const itemInputs = (): IngestInput[] =>
  Array.from({ length: 40 }, (_, index) => ({
    type: 'item',
    id: `item-${index}`,
    title: `Item ${index}`,
    category: `shelf-${index % 4}`,
    price: 10 + index,
  }))

/** Sessions, views and two orders, so that every field of activity and commerce has a value. */
export function behaviour(prefix: string): readonly IngestInput[] {
  const event = (name: string, days: number, properties: Record<string, unknown> = {}) => ({
    type: 'event' as const,
    messageId: `${prefix}-${name}-${days}`,
    identifiers: [],
    name,
    timestamp: at(days),
    properties,
  })
  return [
    ...[50, 30, 12].map((days) => event('Session Started', days)),
    ...[0, 1, 2].map((item) => event('Product Viewed', 12 - item, { itemId: `item-${item}` })),
    event('Order Completed', 60, {
      itemId: 'item-5',
      orderId: `${prefix}-a`,
      price: 30,
      quantity: 1,
    }),
    event('Order Completed', 9.5, {
      itemId: 'item-9',
      orderId: `${prefix}-b`,
      price: 45,
      quantity: 2,
    }),
  ]
}

/**
 * Others, who agree to everything, with the second value of each trait; what they see and buy makes items similar.
 * @returns each of them.
 */
export async function seedCrowd(world: SmallWorld, size: number): Promise<readonly SubjectId[]> {
  const { running, keys } = world
  await running.take('shop', itemInputs())
  const agreed: Situation = {
    name: 'crowd',
    country: 'FR',
    about: () => [{ state: 'ConsentGiven', effectiveAt: at(25) }],
  }
  const rows = Array.from({ length: size }, (_, index): IngestInput[] => {
    const identifiers = given({ userId: `crowd-${index}` })
    const items = Array.from({ length: 6 }, (_, n) => `item-${(index * 2 + n * 3) % 20}`)
    const rest = {
      country: 'FR',
      birthDate: '1950-01-01',
      email: null,
      phone: null,
      externalId: null,
      identitySubject: null,
    }
    const record: IngestInput = {
      type: 'profile',
      recordKey: `crowd-${index}`,
      identifiers,
      traits: { ...traitsOf(running.policy, 1), ...rest },
    }
    return [
      record,
      ...consentInputs(running.policy, agreed, [...keys.keys()]),
      ...items.flatMap((itemId, n) => deedsWith(`crowd-${index}-${n}`, itemId)),
    ].map((row) => ({ ...row, identifiers }) as IngestInput)
  })
  return [...new Set(await running.take('shop', rows.flat()))]
}

/** Sees an item, and buys it. */
export function deedsWith(prefix: string, itemId: string): IngestInput[] {
  const common = { type: 'event' as const, identifiers: [], timestamp: at(5) }
  return [
    { ...common, messageId: `${prefix}-v`, name: 'Product Viewed', properties: { itemId } },
    {
      ...common,
      messageId: `${prefix}-o`,
      name: 'Order Completed',
      properties: { itemId, orderId: prefix, price: 20, quantity: 1 },
    },
  ]
}

/** Somebody whom all callers can meet: staff and partners as a person, front ends also as a visitor with the same data. */
export interface Met {
  readonly person: SubjectId
  readonly visitor: SubjectId
  readonly cookie: string
  readonly ordinal: number
}

/** A gateway with one client per role, and people in it. */
export class SmallWorld {
  readonly running: RunningGateway
  readonly keys: ReadonlyMap<string, string>
  readonly #limited = new Map<string, string>()
  #people = 0
  readonly #tokens = new Map<string, string>()

  private constructor(running: RunningGateway, keys: ReadonlyMap<string, string>) {
    this.running = running
    this.keys = keys
  }

  static async over(running: RunningGateway, scopes = READING): Promise<SmallWorld> {
    return new SmallWorld(running, await registerRoles(running, scopes))
  }

  key(clientId: string): string {
    const key = this.keys.get(clientId) ?? this.#limited.get(clientId)
    if (key === undefined) throw new Error(`no client ${clientId}`)
    return key
  }

  /** The same caller, through a client of the same audience that sees only members of these segments. */
  async limited(caller: Caller, segments: readonly string[]): Promise<Caller> {
    const { role, purpose, audience } = caller
    const id = `${role}.${purpose.key}.limited`
    const draft = { id, audience, roles: [role], scopes: READING, defaultPurpose: null, segments }
    this.#limited.set(id, await this.running.client(draft))
    return { ...caller, clientId: id }
  }

  /** Somebody with a value for every trait and every counter, in this situation. */
  async meet(situation: Situation): Promise<Met> {
    const { running } = this
    this.#people += 1
    const ordinal = this.#people
    const [person] = await running.take('crm', [
      {
        type: 'profile',
        recordKey: `person-${ordinal}`,
        identifiers: given({ userId: `user-${ordinal}-4711`, crmId: `crm-${ordinal}-4711` }),
        traits: {},
      },
    ])
    if (!person) throw new Error('nobody came')
    const { cookie, subject: visitor } = await running.visitor(this.key('frontend'))
    const { country } = situation
    for (const subject of [person, visitor]) {
      const own = { subject, ordinal: ordinal * 2 + Number(subject === visitor), country }
      const told = [
        recordOf(running.policy, own),
        ...consentInputs(running.policy, situation, [...this.keys.keys()]),
      ]
      await running.tell('crm', subject, told, subject === person)
      await running.tell('shop', subject, behaviour(subject))
    }
    return { person, visitor, cookie, ordinal }
  }

  async #tokenFor(clientId: string, person: SubjectId): Promise<string> {
    const key = `${clientId} ${person}`
    const token = this.#tokens.get(key) ?? (await this.running.tokenFor(clientId, person))
    this.#tokens.set(key, token)
    return token
  }

  /** Who it is that a caller meets. */
  subjectFor({ role }: Pick<Caller, 'role'>, met: Met): SubjectId {
    return role === 'visitor' ? met.visitor : met.person
  }

  /** Credentials with which a caller asks about somebody, and the field of Query that leads there. */
  async approach(caller: Caller, met: Met): Promise<{ as: As; field: string }> {
    const purpose = caller.purpose.key
    const key = this.key(caller.clientId)
    if (caller.role === 'visitor')
      return { as: { token: key, cookie: met.cookie, purpose }, field: 'me' }
    if (caller.isPersonal) {
      const token = await this.#tokenFor(caller.clientId, met.person)
      return { as: { token, purpose }, field: 'me' }
    }
    const id = this.running.pseudonym(caller.audience, met.person)
    return { as: { token: key, purpose }, field: `profile(id: "${id}")` }
  }
}
