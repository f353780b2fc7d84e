import { Field, InputType, Int, ObjectType } from 'type-graphql'
import { DateTime } from './scalars.ts'

@InputType({ description: 'Where a client takes messages.' })
export class EndpointInput {
  @Field(() => String, { description: 'The client.' })
  client!: string

  @Field(() => String, { description: 'An https address that everybody could reach.' })
  url!: string

  @Field(() => [String], {
    description:
      'What it takes: subject.erased, subject.rectified, subject.restricted, subject.objected; for systems of the house also request.verify.',
  })
  kinds!: string[]
}

@ObjectType({ description: 'Where a client takes messages.', simpleResolvers: true })
export class Endpoint {
  @Field(() => String, { description: 'The client.' })
  client!: string

  @Field(() => String, { description: 'The address.' })
  url!: string

  @Field(() => [String], { description: 'What it takes.' })
  kinds!: readonly string[]

  @Field(() => DateTime, { description: 'When it was registered.' })
  createdAt!: number

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it said that it takes nothing any more; null: it takes messages.',
  })
  disabledAt!: number | null
}

@ObjectType({ description: 'An endpoint with its new signing secret.', simpleResolvers: true })
export class EndpointSecret {
  @Field(() => Endpoint, { description: 'The endpoint.' })
  endpoint!: Endpoint

  @Field(() => String, {
    description:
      'By Standard Webhooks: whsec_ and base64. Shown once; the one before counts for a day more.',
  })
  secret!: string
}

@ObjectType({
  description: 'A message on its way to an endpoint, without its content.',
  simpleResolvers: true,
})
export class Delivery {
  @Field(() => String, { description: 'Id of the message: the webhook-id of each attempt.' })
  id!: string

  @Field(() => String, {
    nullable: true,
    description: 'To whom; null: nobody takes such messages.',
  })
  client!: string | null

  @Field(() => String, { description: 'What it tells of.' })
  kind!: string

  @Field(() => String, { description: 'waiting, delivered, dropped or dead.' })
  state!: string

  @Field(() => String, {
    nullable: true,
    description: 'Why it has not arrived: http_500, timeout, consent, no_endpoint and the like.',
  })
  reason!: string | null

  @Field(() => Int, { description: 'Attempts so far.' })
  attempts!: number

  @Field(() => DateTime, { description: 'When it was written.' })
  createdAt!: number

  @Field(() => DateTime, { nullable: true, description: 'When it is tried next, while it waits.' })
  nextAt!: number | null

  @Field(() => DateTime, { nullable: true, description: 'When it was settled.' })
  settledAt!: number | null
}
