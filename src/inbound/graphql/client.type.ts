import { Field, InputType, Int, ObjectType } from 'type-graphql'
import { DateTime } from './scalars.ts'

@InputType({
  description:
    'A caller as somebody registers it. What is left out takes the default of its roles, and the limits of whoever registers it.',
})
export class ClientInput {
  @Field(() => String, { description: 'Letters, digits, dots and dashes; for good.' })
  id!: string

  @Field(() => String, { description: 'For people.' })
  name!: string

  @Field(() => [String], { description: 'What it is: roles of the policy.' })
  roles!: string[]

  @Field(() => String, {
    nullable: true,
    description: 'Domain of its pseudonyms, and the recipient named in consents; default: the id.',
  })
  audience?: string | null

  @Field(() => [String], { nullable: true, description: 'Default: those usual for its roles.' })
  scopes?: string[] | null

  @Field(() => [String], {
    nullable: true,
    description: 'Purposes that it may declare; default: all that its roles may.',
  })
  purposes?: string[] | null

  @Field(() => String, {
    nullable: true,
    description:
      'Holds where a request declares none; default: its purpose, where it has one only.',
  })
  defaultPurpose?: string | null

  @Field(() => [String], { nullable: true, description: 'Limited to these data categories.' })
  categories?: string[] | null

  @Field(() => [String], {
    nullable: true,
    description: 'Limited to members of these segments, by their keys.',
  })
  segments?: string[] | null

  @Field(() => String, {
    nullable: true,
    description: 'public (in browsers) or server; for the role ingest only.',
  })
  writeKey?: string | null

  @Field(() => Int, { nullable: true, description: 'Look-ups by identifier in a UTC day.' })
  lookupsPerDay?: number | null

  @Field(() => Int, {
    nullable: true,
    description: 'Requests within any minute; default: those of the installation.',
  })
  requestsPerMinute?: number | null

  @Field(() => Int, {
    nullable: true,
    description: 'Units of cost within any minute; default: those of the installation.',
  })
  costPerMinute?: number | null

  @Field(() => [String], {
    nullable: true,
    description: 'Origins of pages that may call in its name: https://shop.example.',
  })
  origins?: string[] | null

  @Field(() => Boolean, {
    nullable: true,
    description: 'May send queries that were not registered; in development only.',
  })
  adhoc?: boolean | null
}

@ObjectType({ description: 'A caller of the gateway.', simpleResolvers: true })
export class Client {
  @Field(() => String, { description: 'The id.' })
  id!: string

  @Field(() => String, { description: 'For people.' })
  name!: string

  @Field(() => [String], { description: 'What it is.' })
  roles!: readonly string[]

  @Field(() => String, { description: 'Domain of its pseudonyms, and recipient in consents.' })
  audience!: string

  @Field(() => [String], { description: 'What it may do at all.' })
  scopes!: readonly string[]

  @Field(() => [String], { description: 'Purposes that it may declare.' })
  purposes!: readonly string[]

  @Field(() => String, { nullable: true, description: 'Holds where a request declares none.' })
  defaultPurpose!: string | null

  @Field(() => [String], {
    nullable: true,
    description: 'Data categories to which it is limited; null: all that its roles allow.',
  })
  categories!: readonly string[] | null

  @Field(() => [String], {
    nullable: true,
    description: 'Segments to whose members it is limited; null: it is not.',
  })
  segments!: readonly string[] | null

  @Field(() => String, {
    nullable: true,
    description: 'public or server; null: it writes nothing.',
  })
  writeKey!: string | null

  @Field(() => Int, { nullable: true, description: 'Look-ups in a UTC day; null: no limit.' })
  lookupsPerDay!: number | null

  @Field(() => Int, {
    nullable: true,
    description: 'Requests within any minute; null: those of the installation.',
  })
  requestsPerMinute!: number | null

  @Field(() => Int, {
    nullable: true,
    description: 'Units of cost within any minute; null: those of the installation.',
  })
  costPerMinute!: number | null

  @Field(() => [String], { description: 'Origins of pages that may call in its name.' })
  origins!: readonly string[]

  @Field(() => Boolean, { description: 'May send queries that were not registered.' })
  adhoc!: boolean

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it was revoked; null: it is active.',
  })
  disabledAt!: number | null
}

@ObjectType({ description: 'A caller with its new credentials.', simpleResolvers: true })
export class ClientCredentials {
  @Field(() => Client, { description: 'The caller.' })
  client!: Client

  @Field(() => String, { description: 'Its key. Shown once: only its hash is stored.' })
  key!: string

  @Field(() => String, {
    nullable: true,
    description: 'For the token endpoint; null: it has none. Shown once: only its hash is stored.',
  })
  secret!: string | null
}
