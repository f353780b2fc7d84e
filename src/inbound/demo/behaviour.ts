import { faker as english } from '@faker-js/faker/locale/en'
import type { EventInput } from '../../gateway/ingest/ingest-input.ts'
import { DAY, type Instant, isoInstant, MINUTE } from '../../kernel/time.ts'
import { CATEGORIES, LINES, pickItem } from './catalogue.ts'
import { anonymousId, crmId, type Habit, type Person } from './people.ts'

/** Sessions, the span of days that they lie in, and how many days ago the last one was. */
const HABITS: Readonly<
  Record<
    Habit,
    {
      sessions: readonly [number, number]
      span: number
      last: readonly [number, number]
      orders: number
    }
  >
> = {
  new: { sessions: [1, 2], span: 5, last: [0, 5], orders: 0.2 },
  regular: { sessions: [2, 6], span: 60, last: [0, 14], orders: 1 },
  heavy: { sessions: [6, 11], span: 45, last: [0, 3], orders: 2.5 },
  dormant: { sessions: [2, 5], span: 90, last: [20, 150], orders: 0.8 },
}

const chance = (low: number, high: number) => english.number.int({ min: low, max: high })

/** What the tracker saw on the person's device, oldest first: sessions, onboarding, views and carts. */
export function* eventsOf(person: Person, seed: number, today: Instant): Generator<EventInput> {
  english.seed(seed * 13 + person.number)
  const { sessions, span, last } = HABITS[person.habit]
  const count = chance(...sessions)
  const lastDay = chance(...last)
  for (let session = 0; session < count; session++) {
    const daysBefore =
      session === count - 1 ? 0 : Math.round(((count - 1 - session) * span) / count)
    // Noon at the latest, and never after the start of today: nothing in the demo lies in the future.
    const start = today - (lastDay + daysBefore + 1) * DAY + chance(0, 719) * MINUTE
    yield event(person, session, 0, 'Session Started', start, {
      channel: english.helpers.arrayElement(CHANNELS),
    })
    const views = chance(0, 2)
    for (let view = 0; view < views; view++) {
      const at = start + (view + 1) * 3 * MINUTE
      const itemId = likedItem(person)
      yield event(person, session, view * 2 + 1, 'Product Viewed', at, { itemId })
      if (chance(0, 3) === 0)
        yield event(person, session, view * 2 + 2, 'Product Added', at + MINUTE, { itemId })
    }
    const step = ONBOARDING_STEPS[session]
    if (step)
      yield event(person, session, 9, 'Onboarding Step Completed', start + 20 * MINUTE, { step })
  }
}

const CHANNELS = ['organic', 'direct', 'newsletter', 'social']
const ONBOARDING_STEPS = ['signed-up', 'profile-completed', 'first-order']

/** What the shop's back office reports: one event per line of an order, under the shop's own customer number. */
export function* ordersOf(
  person: Person,
  seed: number,
  today: Instant,
  prices: ReadonlyMap<string, number>,
): Generator<EventInput> {
  english.seed(seed * 17 + person.number)
  const { orders, span, last } = HABITS[person.habit]
  const lastDay = chance(...last)
  const count = Math.floor(orders + chance(0, 99) / 100)
  for (let order = 0; order < count; order++) {
    const at =
      today - (lastDay + 1 + Math.round((order * span) / count)) * DAY + chance(720, 1_300) * MINUTE
    const orderId = `O-${person.number}-${order + 1}`
    const items = new Set(Array.from({ length: chance(1, 3) }, () => likedItem(person)))
    for (const itemId of items) {
      yield {
        type: 'event',
        messageId: `${orderId}-${itemId}`,
        identifiers: [{ kind: 'crmId', value: crmId(person.number) }],
        name: 'Order Completed',
        timestamp: isoInstant(at),
        properties: { orderId, itemId, quantity: chance(1, 3), price: prices.get(itemId) ?? 0 },
      }
    }
  }
}

/** Two thirds of what people look at is of a line that they like: the signal that a recommender has to find. */
function likedItem(person: Person): string {
  const draw = chance(0, 99)
  const [favourite, second] = person.tastes
  if (favourite && draw < 50) return pickItem(...favourite, chance)
  if (second && draw < 70) return pickItem(...second, chance)
  if (favourite && draw < 85) return pickItem(favourite[0], null, chance)
  return pickItem(chance(0, CATEGORIES - 1), chance(0, LINES - 1), chance)
}

function event(
  person: Person,
  session: number,
  position: number,
  name: string,
  at: Instant,
  properties: Readonly<Record<string, unknown>>,
): EventInput {
  return {
    type: 'event',
    messageId: `${anonymousId(person.number)}-${session}-${position}`,
    identifiers: [{ kind: 'anonymousId', value: anonymousId(person.number) }],
    name,
    timestamp: isoInstant(at),
    properties,
  }
}
