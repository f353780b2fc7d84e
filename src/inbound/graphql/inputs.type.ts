import { Field, Float, ID, InputType, Int, registerEnumType } from 'type-graphql'
import { DateTime, Json } from './scalars.ts'

export enum IdentifierKind {
  EMAIL = 'email',
  PHONE = 'phone',
  USER_ID = 'userId',
  CRM_ID = 'crmId',
  EXTERNAL_ID = 'externalId',
}
registerEnumType(IdentifierKind, {
  name: 'IdentifierKind',
  description: 'By what a person is looked up.',
  valuesConfig: {
    EMAIL: { description: 'E-mail address.' },
    PHONE: { description: 'Phone number in E.164.' },
    USER_ID: { description: 'Id in the product.' },
    CRM_ID: { description: 'Id in the CRM.' },
    EXTERNAL_ID: { description: "The caller's own id: one namespace per audience." },
  },
})

@InputType({ description: 'An identifier of a person.' })
export class IdentifierInput {
  @Field(() => IdentifierKind, { description: 'Its kind.' })
  kind!: IdentifierKind

  @Field(() => String, { description: 'Its value.' })
  value!: string
}

@InputType({
  description:
    'Conditions that all have to hold. Only fields that the caller sees in clear can be named.',
})
export class ProfileFilter {
  @Field(() => String, { nullable: true, description: 'Country, ISO 3166-1 alpha-2.' })
  country?: string | null

  @Field(() => String, { nullable: true, description: 'Subscription plan.' })
  plan?: string | null

  @Field(() => String, { nullable: true, description: 'Stage of the customer lifecycle.' })
  lifecycleStage?: string | null

  @Field(() => String, { nullable: true, description: 'Key of a segment.' })
  segment?: string | null

  @Field(() => String, { nullable: true, description: 'Age band.' })
  ageBand?: string | null

  @Field(() => Int, { nullable: true, description: 'At least so many sessions.' })
  minSessions?: number | null

  @Field(() => DateTime, { nullable: true, description: 'Seen at or after.' })
  seenSince?: number | null

  @Field(() => Int, { nullable: true, description: 'At least so many orders.' })
  minOrders?: number | null
}

export enum ProfileOrderBy {
  LAST_SEEN_AT = 'lastSeenAt',
  CUSTOMER_SINCE = 'customerSince',
  TOTAL_VALUE = 'totalValue',
  SESSION_COUNT = 'sessionCount',
}
registerEnumType(ProfileOrderBy, {
  name: 'ProfileOrderBy',
  description: 'By what profiles are ordered; unknown and undisclosable values come last.',
  valuesConfig: {
    LAST_SEEN_AT: { description: 'Latest event.' },
    CUSTOMER_SINCE: { description: 'Customer since.' },
    TOTAL_VALUE: { description: 'Sum of all orders.' },
    SESSION_COUNT: { description: 'Sessions.' },
  },
})

@InputType({ description: 'Order of a list of profiles.' })
export class ProfileOrder {
  @Field(() => ProfileOrderBy, { description: 'By what.' })
  by!: ProfileOrderBy

  @Field(() => Boolean, { nullable: true, description: 'Largest or latest first, unless false.' })
  descending?: boolean | null
}

export enum AuditOutcome {
  PERMIT = 'permit',
  DENY = 'deny',
  ERROR = 'error',
}
registerEnumType(AuditOutcome, {
  name: 'AuditOutcome',
  description: 'How a request ended.',
  valuesConfig: {
    PERMIT: { description: 'Something was disclosed or done.' },
    DENY: { description: 'It was refused.' },
    ERROR: { description: 'It failed.' },
  },
})

@InputType({ description: 'Which entries of the trail.' })
export class AuditFilter {
  @Field(() => DateTime, { nullable: true, description: 'At or after.' })
  from?: number | null

  @Field(() => DateTime, { nullable: true, description: 'Before.' })
  to?: number | null

  @Field(() => String, { nullable: true, description: 'Client that asked.' })
  actor?: string | null

  @Field(() => String, { nullable: true, description: 'Audience that received.' })
  audience?: string | null

  @Field(() => String, { nullable: true, description: 'Purpose.' })
  purpose?: string | null

  @Field(() => AuditOutcome, { nullable: true, description: 'Outcome.' })
  outcome?: AuditOutcome | null

  @Field(() => ID, {
    nullable: true,
    description: "Person concerned, by the pseudonym of the caller's audience.",
  })
  subject?: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Path of a field that was disclosed in any form, such as `contact.email`.',
  })
  field?: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Name of what an administrative entry did, such as `import.finish`.',
  })
  action?: string | null

  @Field(() => String, { nullable: true, description: 'Receipt of a response.' })
  requestId?: string | null
}

@InputType({
  description:
    'An event of the person acted for, or of somebody named by identifiers (feeding systems).',
})
export class TrackInput {
  @Field(() => String, { description: 'Deduplication id: sent twice, taken once.' })
  messageId!: string

  @Field(() => String, { description: 'Name of the event.' })
  event!: string

  @Field(() => [IdentifierInput], {
    nullable: true,
    description: 'Whose event; absent: of the person acted for.',
  })
  identifiers?: IdentifierInput[] | null

  @Field(() => DateTime, { nullable: true, description: 'When; absent: now.' })
  timestamp?: number | null

  @Field(() => Json, { nullable: true, description: 'Properties of the event.' })
  properties?: unknown
}

@InputType({ description: 'What is known about a person.' })
export class IdentifyInput {
  @Field(() => [IdentifierInput], {
    nullable: true,
    description: 'Who; absent: the person acted for.',
  })
  identifiers?: IdentifierInput[] | null

  @Field(() => Json, { description: 'Traits by key.' })
  traits!: unknown
}

@InputType({ description: 'A segment and its rule.' })
export class SegmentInput {
  @Field(() => String, { description: 'Key: lower-case letters, digits, hyphens.' })
  key!: string

  @Field(() => String, { description: 'Name.' })
  name!: string

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  description?: string | null

  @Field(() => Json, { description: 'The rule: a tree of conditions.' })
  rule!: unknown
}

@InputType({ description: 'An item of the catalogue.' })
export class ItemInput {
  @Field(() => String, { description: 'Its id.' })
  id!: string

  @Field(() => String, { description: 'Title.' })
  title!: string

  @Field(() => String, { nullable: true, description: 'Category.' })
  category?: string | null

  @Field(() => Float, { nullable: true, description: 'Price.' })
  price?: number | null

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it can be had: yes, unless false.',
  })
  available?: boolean | null
}
