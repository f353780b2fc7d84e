import { Field, Float, ID, Int, ObjectType } from 'type-graphql'
import { AtMost, Personal } from './directives.ts'
import { Node } from './node.type.ts'
import { DateTime } from './scalars.ts'

@ObjectType({
  description: 'Name and ways to reach a person. From the vault.',
  simpleResolvers: true,
})
export class Contact {
  @Personal('Contact.name')
  @Field(() => String, { nullable: true, description: 'Full name; masked: initials.' })
  name!: string | null

  @Personal('Contact.email')
  @Field(() => String, {
    nullable: true,
    description: 'E-mail address; masked: first letter and domain.',
  })
  email!: string | null

  @Personal('Contact.phone')
  @Field(() => String, {
    nullable: true,
    description: 'Phone number in E.164; masked: last two digits.',
  })
  phone!: string | null

  @Personal('Contact.address')
  @Field(() => String, { nullable: true, description: 'Postal address.' })
  address!: string | null
}

@ObjectType({ description: 'Who a person is, in broad terms.', simpleResolvers: true })
export class Demographics {
  @Personal('Demographics.birthDate')
  @Field(() => String, {
    nullable: true,
    description: 'Date of birth, YYYY-MM-DD; generalised: the year.',
  })
  birthDate!: string | null

  @Personal('Demographics.ageBand')
  @Field(() => String, {
    nullable: true,
    description: 'Age band such as `25-34`, by calendar year.',
  })
  ageBand!: string | null

  @Personal('Demographics.gender')
  @Field(() => String, {
    nullable: true,
    description: 'Gender as the person or the source gave it.',
  })
  gender!: string | null

  @Personal('Demographics.country')
  @Field(() => String, { nullable: true, description: 'Country, ISO 3166-1 alpha-2.' })
  country!: string | null

  @Personal('Demographics.city')
  @Field(() => String, { nullable: true, description: 'City; generalised: the country.' })
  city!: string | null

  @Personal('Demographics.language')
  @Field(() => String, { nullable: true, description: 'Language, ISO 639.' })
  language!: string | null
}

@ObjectType({ description: 'An id by which another system knows a person.', simpleResolvers: true })
export class ExternalId {
  @Field(() => String, { description: 'Kind of id, such as `crmId`.' })
  kind!: string

  @Field(() => String, { description: 'The id; masked: its last four characters.' })
  value!: string
}

@ObjectType({ description: 'What the CRM says.', simpleResolvers: true })
export class Account {
  @Personal('Account.plan')
  @Field(() => String, { nullable: true, description: 'Subscription plan.' })
  plan!: string | null

  @Personal('Account.lifecycleStage')
  @Field(() => String, { nullable: true, description: 'Stage of the customer lifecycle.' })
  lifecycleStage!: string | null

  @Personal('Account.company')
  @Field(() => String, { nullable: true, description: 'Company the person works for.' })
  company!: string | null

  @Personal('Account.customerSince')
  @Field(() => String, { nullable: true, description: 'Customer since, YYYY-MM-DD.' })
  customerSince!: string | null

  @Personal('Account.externalIds')
  @AtMost(10)
  @Field(() => [ExternalId], { nullable: true, description: 'Ids in other systems.' })
  externalIds!: ExternalId[] | null
}

@ObjectType({ description: 'How often an event happened.', simpleResolvers: true })
export class EventCount {
  @Field(() => String, { description: 'Name of the event.' })
  name!: string

  @Field(() => Int, { description: 'How often; generalised: lower edge of its band.' })
  count!: number
}

@ObjectType({ description: 'What analytics has seen.', simpleResolvers: true })
export class Activity {
  @Personal('Activity.sessionCount')
  @Field(() => Int, {
    nullable: true,
    description: 'Sessions; generalised: lower edge of the band 1, 3, 5, 10, 20, 50, 100.',
  })
  sessionCount!: number | null

  @Personal('Activity.firstSeenAt')
  @Field(() => DateTime, {
    nullable: true,
    description: 'First event; generalised: start of its month.',
  })
  firstSeenAt!: number | null

  @Personal('Activity.lastSeenAt')
  @Field(() => DateTime, {
    nullable: true,
    description: 'Latest event; generalised: start of its month.',
  })
  lastSeenAt!: number | null

  @Personal('Activity.onboardingStep')
  @Field(() => String, { nullable: true, description: 'Step reached in the onboarding.' })
  onboardingStep!: string | null

  @Personal('Activity.eventCounts')
  @AtMost(20)
  @Field(() => [EventCount], { nullable: true, description: 'Events by name, purchases excepted.' })
  eventCounts!: EventCount[] | null

  @Personal('Activity.device')
  @Field(() => String, { nullable: true, description: 'Device last used.' })
  device!: string | null

  @Personal('Activity.browser')
  @Field(() => String, { nullable: true, description: 'Browser last used.' })
  browser!: string | null

  @Personal('Activity.operatingSystem')
  @Field(() => String, { nullable: true, description: 'Operating system last used.' })
  operatingSystem!: string | null
}

@ObjectType({ description: 'Marks from 1 (least) to 5 (most).', simpleResolvers: true })
export class RecencyFrequencyValue {
  @Field(() => Int, { description: 'How recently: 5 within 7 days, then 30, 90, 180.' })
  recency!: number

  @Field(() => Int, { description: 'How often: from 2, 5, 10 and 20 orders.' })
  frequency!: number

  @Field(() => Int, { description: 'How much: from 50, 250, 1,000 and 5,000.' })
  value!: number
}

@ObjectType({ description: 'What a person bought, summed up.', simpleResolvers: true })
export class Commerce {
  @Personal('Commerce.orderCount')
  @Field(() => Int, {
    nullable: true,
    description: 'Orders; generalised: lower edge of the band 1, 2, 5, 10, 20, 50.',
  })
  orderCount!: number | null

  @Personal('Commerce.totalValue')
  @Field(() => Float, {
    nullable: true,
    description: 'Sum of all orders; generalised: lower edge of its band.',
  })
  totalValue!: number | null

  @Personal('Commerce.lastOrderAt')
  @Field(() => DateTime, {
    nullable: true,
    description: 'Latest order; generalised: start of its month.',
  })
  lastOrderAt!: number | null

  @Personal('Commerce.favouriteCategories')
  @Field(() => [String], {
    nullable: true,
    description: 'Item categories bought most, at most three.',
  })
  favouriteCategories!: string[] | null

  @Personal('Commerce.recencyFrequencyValue')
  @Field(() => RecencyFrequencyValue, {
    nullable: true,
    description: 'Recency, frequency and value; null without orders.',
  })
  recencyFrequencyValue!: RecencyFrequencyValue | null
}

@ObjectType({ description: 'An identity that a provider has verified.', simpleResolvers: true })
export class VerifiedIdentity {
  @Field(() => String, { description: 'The provider.' })
  provider!: string

  @Field(() => String, { nullable: true, description: "The provider's own id of the person." })
  subject!: string | null

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it was verified; generalised: the month.',
  })
  verifiedAt!: number | null
}

@ObjectType({
  implements: Node,
  description:
    'One person, unified from all sources, as far as this caller may see them for this purpose.',
  simpleResolvers: true,
})
export class Profile extends Node {
  @Personal('Profile.id')
  @Field(() => ID, { description: 'The pseudonym of the person in the audience of the caller.' })
  declare id: string

  @Field(() => Contact, { nullable: true, description: 'Name, e-mail, phone, address.' })
  contact!: Contact | null

  @Field(() => Demographics, {
    nullable: true,
    description: 'Birth date or age band, gender, country, city, language.',
  })
  demographics!: Demographics | null

  @Field(() => Account, {
    nullable: true,
    description: 'Plan, lifecycle stage, company, customer since.',
  })
  account!: Account | null

  @Field(() => Activity, {
    nullable: true,
    description: 'Sessions, last seen, device, onboarding step, event counts.',
  })
  activity!: Activity | null

  @Field(() => Commerce, {
    nullable: true,
    description: 'Orders, value, last order, favourite categories.',
  })
  commerce!: Commerce | null

  @Personal('Profile.identities')
  @AtMost(10)
  @Field(() => [VerifiedIdentity], {
    nullable: true,
    description: 'Identities that providers have verified.',
  })
  identities!: VerifiedIdentity[] | null

  /** Place of the row in this request; not part of the schema. */
  handle!: number
}
