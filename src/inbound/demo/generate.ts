import { faker as english } from '@faker-js/faker/locale/en'
import type { ConsentInput, IngestInput, ProfileInput } from '../../gateway/ingest/ingest-input.ts'
import { DAY, type Instant, isoInstant } from '../../kernel/time.ts'
import { eventsOf, ordersOf } from './behaviour.ts'
import { catalogue } from './catalogue.ts'
import { anonymousId, crmId, identifierOf, type Person, people, userId } from './people.ts'
import { consentsOf } from './situations.ts'

/** One batch of the demo: what one source sends, in the shapes that every import takes. */
export interface DemoBatch {
  readonly source: 'crm' | 'identity' | 'analytics'
  readonly kind: 'customers' | 'identities' | 'events'
  /** Person by person, with all that the source knows of each: so their profiles are made up once per source. */
  readonly rows: () => Iterable<IngestInput>
}

export interface Demo {
  readonly people: readonly Person[]
  /** In the order in which they must be ingested. */
  readonly batches: readonly DemoBatch[]
}

/** The seed of the demo that everybody gets. */
export const DEMO_SEED = 20_250_131
export const DEMO_PEOPLE = 2_000

/**
 * Synthetic people with planted behaviour, told by three kinds of source that overlap and partly contradict each
 * other. The same seed, count and day give the same rows; rows are made while they are read.
 * @param now instants are counted back from the start of this day (UTC).
 */
export function generateDemo(now: Instant, seed = DEMO_SEED, count = DEMO_PEOPLE): Demo {
  const today = now - (now % DAY)
  const everybody = people(seed, count, today)
  const items = catalogue(seed)
  const prices = new Map(items.map((item) => [item.id, item.price]))
  return {
    people: everybody,
    batches: [
      {
        source: 'crm',
        kind: 'customers',
        rows: function* () {
          yield* items
          for (const person of everybody) {
            if (!person.knownTo.crm) continue
            yield crmRecord(person, today)
            yield* ordersOf(person, seed, today, prices)
            yield* consentRows(person, today)
          }
          yield* brokenRows()
        },
      },
      {
        source: 'identity',
        kind: 'identities',
        rows: function* () {
          for (const person of everybody) {
            if (!person.knownTo.identity) continue
            yield identityRecord(person, today)
            if (!person.knownTo.crm) yield* consentRows(person, today)
          }
        },
      },
      {
        source: 'analytics',
        kind: 'events',
        rows: function* () {
          for (const person of everybody) {
            if (!person.knownTo.analytics) continue
            yield analyticsRecord(person, seed, today)
            yield* eventsOf(person, seed, today)
          }
        },
      },
    ],
  }
}

/** The system of record: names, addresses and the plan that is paid for. */
function crmRecord(person: Person, today: Instant): ProfileInput {
  const { faker, number } = person
  faker.seed(number)
  return {
    type: 'profile',
    recordKey: crmId(number),
    identifiers: [
      { kind: 'crmId', value: crmId(number) },
      // Some forms keep the capitals and the blank that people type.
      {
        kind: 'email',
        value: number % 33 === 0 ? ` ${person.email.toUpperCase()}` : person.email,
      },
    ],
    observedAt: isoInstant(today - (number % 300) * DAY),
    traits: {
      name: person.name,
      email: person.email,
      birthDate: person.birthDate,
      gender: person.gender,
      address: `${faker.location.streetAddress()}, ${faker.location.zipCode()} ${person.city}`,
      city: person.city,
      plan: person.plan,
      lifecycleStage: stageOf(person),
      customerSince: isoInstant(person.customerSince).slice(0, 10),
      ...(person.phone && { phone: person.phone }),
      ...(person.country && { country: person.country }),
      ...(person.company && { company: person.company }),
      ...(number % 4 === 0 && { loyaltyTier: faker.helpers.arrayElement(['silver', 'gold']) }),
    },
  }
}

function stageOf({ habit, plan }: Person): string {
  if (habit === 'new') return 'lead'
  if (habit === 'dormant') return 'at risk'
  return plan === 'free' ? 'user' : 'customer'
}

/** What no import should take: these end in quarantine, each with its reason. */
function* brokenRows(): Generator<ProfileInput> {
  const broken: readonly Record<string, unknown>[] = [
    { name: 'Impossible Birthday', birthDate: '1985-02-30' },
    { name: '=HYPERLINK("https://example.com","click")' },
    { name: 'No Such Country', country: 'Atlantis' },
    { name: 'Broken Mail', email: 'broken at example.com' },
    { name: 'Endless', address: 'x'.repeat(5_000) },
  ]
  for (const [index, traits] of broken.entries()) {
    const recordKey = `C-broken-${index + 1}`
    yield { type: 'profile', recordKey, identifiers: [{ kind: 'crmId', value: recordKey }], traits }
  }
}

/**
 * The sign-in system: it has verified the e-mail, and at sign-in also saw the device, so that what the device did
 * before belongs to the person. It is often behind on the name, and knows another city of one in seven.
 */
function identityRecord(person: Person, today: Instant): ProfileInput {
  const { faker, number } = person
  faker.seed(number + 1)
  const provider = faker.helpers.arrayElement(['google', 'apple', 'microsoft', 'passkey'])
  const subject = `${provider}|${faker.string.numeric(18)}`
  return {
    type: 'profile',
    recordKey: userId(number),
    identifiers: [
      { kind: 'userId', value: userId(number) },
      { kind: 'email', value: person.email },
      { kind: 'providerSubject', value: subject },
      ...(person.knownTo.analytics
        ? [{ kind: 'anonymousId', value: anonymousId(number) } as const]
        : []),
    ],
    observedAt: isoInstant(today - (number % 90) * DAY),
    traits: {
      name: number % 5 === 0 ? person.name.split(' ')[0] : person.name,
      email: person.email,
      language: person.language,
      identityProvider: provider,
      identitySubject: subject,
      identityVerifiedAt: isoInstant(today - (number % 200) * DAY),
      ...(number % 7 === 0 && { city: faker.location.city() }),
      ...(person.country && { country: person.country }),
    },
  }
}

/** The tracker: it knows devices, guesses the country and still shows the plan of three months ago. */
function analyticsRecord(person: Person, seed: number, today: Instant): ProfileInput {
  const { number, habit } = person
  english.seed(seed * 7 + number)
  const device = english.helpers.arrayElement(['phone', 'phone', 'desktop', 'tablet'])
  const stale = english.number.int(4) === 0 || number === 1
  return {
    type: 'profile',
    recordKey: anonymousId(number),
    identifiers: [{ kind: 'anonymousId', value: anonymousId(number) }],
    observedAt: isoInstant(today - (number % 20) * DAY),
    traits: {
      device,
      browser: english.helpers.arrayElement(['Firefox', 'Chrome', 'Safari', 'Edge']),
      operatingSystem: SYSTEMS[device] ?? 'other',
      language: person.language,
      onboardingStep: english.helpers.arrayElement(ONBOARDING[habit]),
      ...(stale && { plan: 'free', city: english.location.city() }),
      ...(person.country && { country: person.country }),
      ...(number % 6 === 0 && {
        newsletterTopic: english.helpers.arrayElement(['recipes', 'travel', 'sport']),
      }),
    },
  }
}

const SYSTEMS: Readonly<Record<string, string>> = {
  phone: 'Android',
  tablet: 'iPadOS',
  desktop: 'Windows',
}
const ONBOARDING: Readonly<Record<Person['habit'], readonly string[]>> = {
  new: ['signed-up', 'profile-completed'],
  regular: ['profile-completed', 'first-order', 'done'],
  heavy: ['done'],
  dormant: ['signed-up', 'profile-completed', 'done'],
}

/** Choices are recorded with the identifier that the preference centre verified; a device alone has none. */
function consentRows(person: Person, today: Instant): readonly ConsentInput[] {
  return consentsOf(person.situation, [identifierOf(person)], person.country, today)
}
