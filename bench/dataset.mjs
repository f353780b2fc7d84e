/**
 * The people of the benchmark: a pure function of their number, so that every store can be filled with the same data
 * without one reading from another. Everybody has consented to everything: the peers know no consent, and the answers
 * have to be equal.
 */
import { createHash } from 'node:crypto'

export const PEOPLE = 100_000
export const SEGMENTS = 20
export const MEMBERSHIPS = 3
export const ITEMS = 500
export const RECOMMENDATIONS = 10

const DAY = 86_400_000
const EPOCH = Date.UTC(2025, 0, 1)
const COUNTRIES = ['DE', 'FR', 'GB', 'US', 'CA', 'BR', 'JP']
const LANGUAGES = ['de', 'fr', 'en', 'en', 'en', 'pt', 'ja']
const CITIES = ['Leipzig', 'Lyon', 'Leeds', 'Portland', 'Halifax', 'Recife', 'Sendai']
const BANDS = ['18-24', '25-34', '35-44', '45-54', '55-64', '65+']
const PLANS = ['free', 'pro', 'team', 'enterprise']
const STAGES = ['lead', 'user', 'customer', 'at risk']
const STEPS = ['signed-up', 'profile-completed', 'first-order', 'done']
const DEVICES = ['phone', 'desktop', 'tablet']
const CATEGORIES = Array.from({ length: 25 }, (_, index) => `Category ${index + 1}`)
const FIRST = [
  'Ada',
  'Bruno',
  'Chiara',
  'Dunja',
  'Emil',
  'Farah',
  'Goran',
  'Hanne',
  'Ines',
  'Jakob',
]
const LAST = [
  'Albers',
  'Bianchi',
  'Conrad',
  'Duarte',
  'Endo',
  'Fischer',
  'Girard',
  'Hansen',
  'Ito',
  'Jansen',
]

/** Mulberry32: small, fast, and the same everywhere. */
export function randomOf(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    below: (limit) => Math.floor(next() * limit),
    pick: (list) => list[Math.floor(next() * list.length)],
  }
}

/** An id without order, as real ones are: neighbours in number are not neighbours on disk. */
export function subjectId(number) {
  const hex = createHash('md5').update(`bench ${number}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

export const segments = Array.from({ length: SEGMENTS }, (_, index) => ({
  key: `segment-${String(index + 1).padStart(2, '0')}`,
  name: `Segment ${index + 1}`,
}))

export const items = Array.from({ length: ITEMS }, (_, index) => ({
  id: `item-${String(index + 1).padStart(3, '0')}`,
  title: `Item ${index + 1}`,
  category: CATEGORIES[index % CATEGORIES.length],
  price: 5 + (index % 90),
}))

/** Everything known about one person, by number from 0. Instants are epoch milliseconds, dates ISO. */
export function personOf(number) {
  const random = randomOf(number + 1)
  const home = random.below(COUNTRIES.length)
  const name = `${random.pick(FIRST)} ${random.pick(LAST)}`
  const plan = random.pick(PLANS)
  const sessionCount = 1 + random.below(120)
  const lastSeenAt = EPOCH + random.below(300 * DAY)
  const orderCount = 1 + random.below(20)
  return {
    id: subjectId(number),
    contact: {
      name,
      email: `${name.toLowerCase().replace(' ', '.')}.${number}@example.com`,
      phone: `+1415555${String(number % 10_000).padStart(4, '0')}`,
      address: `${1 + random.below(200)} Long Road, ${CITIES[home]}`,
    },
    demographics: {
      ageBand: random.pick(BANDS),
      gender: random.pick(['female', 'male']),
      country: COUNTRIES[home],
      city: CITIES[home],
      language: LANGUAGES[home],
    },
    account: {
      plan,
      lifecycleStage: random.pick(STAGES),
      company: plan === 'free' ? null : `Company ${random.below(5_000)}`,
      customerSince: new Date(EPOCH - random.below(2_000) * DAY).toISOString().slice(0, 10),
    },
    activity: {
      sessionCount,
      firstSeenAt: lastSeenAt - sessionCount * DAY,
      lastSeenAt,
      onboardingStep: random.pick(STEPS),
      device: random.pick(DEVICES),
    },
    commerce: {
      orderCount,
      totalValue: Math.round(orderCount * (10 + random.below(9_000) / 100) * 100) / 100,
      lastOrderAt: lastSeenAt - random.below(20 * DAY),
      favouriteCategories: distinct(3, () => random.pick(CATEGORIES)),
    },
    segments: distinct(MEMBERSHIPS, () => random.below(SEGMENTS))
      .sort((one, other) => one - other)
      .map((index) => segments[index]),
    recommendations: distinct(RECOMMENDATIONS, () => random.below(ITEMS)).map((index, rank) => ({
      item: items[index],
      score: (RECOMMENDATIONS - rank) / RECOMMENDATIONS,
    })),
  }
}

function distinct(count, draw) {
  const drawn = new Set()
  while (drawn.size < count) drawn.add(draw())
  return [...drawn]
}
