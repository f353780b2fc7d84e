import type { Faker } from '@faker-js/faker'
import { faker as german } from '@faker-js/faker/locale/de'
import { faker as english } from '@faker-js/faker/locale/en'
import { faker as canadian } from '@faker-js/faker/locale/en_CA'
import { faker as british } from '@faker-js/faker/locale/en_GB'
import { faker as american } from '@faker-js/faker/locale/en_US'
import { faker as french } from '@faker-js/faker/locale/fr'
import { faker as japanese } from '@faker-js/faker/locale/ja'
import { faker as brazilian } from '@faker-js/faker/locale/pt_BR'
import type { IdentifierInput } from '../../gateway/ingest/ingest-input.ts'
import { DAY, type Instant } from '../../kernel/time.ts'
import { CATEGORIES, LINES } from './catalogue.ts'
import { type Situation, situationOf } from './situations.ts'

interface Country {
  readonly code: string | null
  readonly share: number
  readonly language: string
  readonly faker: Faker
  /** Telephone numbers that the country keeps free for fiction; null where it has no such range. */
  readonly phone: ((ordinal: number) => string) | null
}

const inRange = (prefixes: readonly string[], digits: number) => (ordinal: number) => {
  const size = 10 ** digits
  return `${prefixes[Math.floor(ordinal / size) % prefixes.length]}${String(ordinal % size).padStart(digits, '0')}`
}
const US_AREAS = ['415', '212', '312', '206', '617', '303', '702', '512'].map((a) => `+1${a}55501`)
const CA_AREAS = ['613', '604', '416', '514'].map((area) => `+1${area}55501`)

const COUNTRIES: readonly Country[] = [
  { code: 'DE', share: 22, language: 'de', faker: german, phone: inRange(['+493023125'], 3) },
  { code: 'US', share: 25, language: 'en', faker: american, phone: inRange(US_AREAS, 2) },
  { code: 'FR', share: 14, language: 'fr', faker: french, phone: inRange(['+33639980'], 3) },
  { code: 'GB', share: 14, language: 'en', faker: british, phone: inRange(['+442079460'], 3) },
  { code: 'CA', share: 8, language: 'en', faker: canadian, phone: inRange(CA_AREAS, 2) },
  { code: 'BR', share: 6, language: 'pt', faker: brazilian, phone: null },
  { code: 'JP', share: 5, language: 'ja', faker: japanese, phone: null },
  { code: null, share: 6, language: 'en', faker: english, phone: null },
]

export type Plan = 'free' | 'pro' | 'team' | 'enterprise'
export type Habit = 'new' | 'regular' | 'heavy' | 'dormant'

/** One synthetic person, before sources tell parts of it. */
export interface Person {
  /** From 1; the showcase people come first (situations.ts). */
  readonly number: number
  readonly situation: Situation
  readonly knownTo: {
    readonly crm: boolean
    readonly identity: boolean
    readonly analytics: boolean
  }
  readonly country: string | null
  readonly faker: Faker
  readonly name: string
  readonly email: string
  readonly phone: string | null
  readonly birthDate: string
  readonly gender: 'female' | 'male' | 'diverse'
  readonly language: string
  readonly city: string
  readonly plan: Plan
  readonly company: string | null
  readonly customerSince: Instant
  readonly habit: Habit
  /** Category and line of the catalogue that they like, the favourite first. */
  readonly tastes: readonly (readonly [category: number, line: number])[]
}

/** All people, in order; the same for the same seed, count and day. */
export function people(seed: number, count: number, now: Instant): readonly Person[] {
  const ordinals = new Map<Country, number>()
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1
    english.seed(seed + number)
    const situation = situationOf(number, () => english.number.int(99))
    const country = situation.country
      ? countryOf(situation.country)
      : english.helpers.weightedArrayElement(
          COUNTRIES.map((value) => ({ value, weight: value.share })),
        )
    const ordinal = ordinals.get(country) ?? 0
    ordinals.set(country, ordinal + 1)
    return person(seed, number, situation, country, ordinal, now)
  })
}

/**
 * A verified identifier of a person, by which a demo finds them again; for people whom only analytics knows, their
 * device.
 */
export function identifierOf({
  number,
  knownTo,
}: Pick<Person, 'number' | 'knownTo'>): IdentifierInput {
  if (knownTo.crm) return { kind: 'crmId', value: crmId(number) }
  if (knownTo.identity) return { kind: 'userId', value: userId(number) }
  return { kind: 'anonymousId', value: anonymousId(number) }
}

export const crmId = (number: number) => `C-${padded(number)}`
export const userId = (number: number) => `user-${padded(number)}`
export const anonymousId = (number: number) => `device-${padded(number)}`

const padded = (number: number) => String(number).padStart(5, '0')

function countryOf(code: string): Country {
  const found = COUNTRIES.find((country) => country.code === code)
  if (!found) throw new Error(`no demo country ${code}`)
  return found
}

function person(
  seed: number,
  number: number,
  situation: Situation,
  country: Country,
  ordinal: number,
  now: Instant,
): Person {
  const { faker } = country
  faker.seed(seed * 31 + number)
  const habit = faker.helpers.weightedArrayElement<Habit>([
    { value: 'new', weight: 15 },
    { value: 'regular', weight: 45 },
    { value: 'heavy', weight: 15 },
    { value: 'dormant', weight: 25 },
  ])
  const sex = faker.helpers.arrayElement(['female', 'male'] as const)
  const name = faker.person.fullName({ sex })
  const birthDate = faker.date.birthdate({ mode: 'age', min: 18, max: 82, refDate: now })
  const plan = faker.helpers.weightedArrayElement<Plan>([
    { value: 'free', weight: 55 },
    { value: 'pro', weight: 25 },
    { value: 'team', weight: 15 },
    { value: 'enterprise', weight: 5 },
  ])
  return {
    number,
    situation,
    knownTo: knownTo(number, faker.number.int(99)),
    country: country.code,
    faker,
    name,
    // The number keeps addresses apart: two people with one e-mail would rightly be merged.
    email: `${mailbox(name)}.${number}@example.com`,
    phone: country.phone?.(ordinal) ?? null,
    birthDate: birthDate.toISOString().slice(0, 10),
    gender: faker.number.int(99) === 0 ? 'diverse' : sex,
    language: country.language,
    city: faker.location.city(),
    plan: number === 1 ? 'pro' : plan,
    company: plan === 'team' || plan === 'enterprise' ? faker.company.name() : null,
    customerSince:
      now -
      faker.number.int({ min: habit === 'new' ? 1 : 60, max: habit === 'new' ? 30 : 2_000 }) * DAY,
    habit: number === 1 ? 'heavy' : habit,
    tastes: [0, 1].map(
      () => [faker.number.int(CATEGORIES - 1), faker.number.int(LINES - 1)] as const,
    ),
  }
}

/** A name as people write it before the @; names in other scripts leave nothing of it. */
function mailbox(name: string): string {
  const plain = name.normalize('NFD').replace(/[^A-Za-z ]/g, '')
  return plain.trim().toLowerCase().replace(/ +/g, '.') || 'me'
}

function knownTo(number: number, percent: number): Person['knownTo'] {
  if (number <= SHOWCASE || percent < 80) return { crm: true, identity: true, analytics: true }
  if (percent < 88) return { crm: true, identity: false, analytics: false }
  if (percent < 95) return { crm: false, identity: true, analytics: true }
  return { crm: false, identity: false, analytics: true }
}

/** How many of the first people are the same in every demo. */
export const SHOWCASE = 20
