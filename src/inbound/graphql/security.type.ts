import { Field, Float, ObjectType } from 'type-graphql'
import { AtMost } from './directives.ts'
import { DateTime } from './scalars.ts'

@ObjectType({
  description: 'One of the counted. Nothing of it came from the caller.',
  simpleResolvers: true,
})
export class SecuritySample {
  @Field(() => DateTime, { description: 'When.' })
  at!: number

  @Field(() => String, {
    nullable: true,
    description: 'As in the response header request-id and in the log.',
  })
  requestId!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Registered client whose credential it was, or was said to be.',
  })
  client!: string | null
}

@ObjectType({
  description: 'How often something happened in one minute that leaves no entry on the trail.',
  simpleResolvers: true,
})
export class SecurityCount {
  @Field(() => DateTime, { description: 'Beginning of the minute.' })
  minute!: number

  @Field(() => String, {
    description:
      'no-credential, bad-token, retired-token (it was valid once), bad-proof (of the key that a token is bound to), bad-cookie, bad-client-proof, bad-witness, foreign-host, foreign-origin, denied-beyond-budget or rate-limited.',
  })
  event!: string

  @Field(() => Float, { description: 'How often, over all gateways.' })
  count!: number

  @AtMost(5)
  @Field(() => [SecuritySample], { description: 'The first few of them.' })
  samples!: SecuritySample[]
}
