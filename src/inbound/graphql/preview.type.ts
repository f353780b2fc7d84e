import { Field, ObjectType } from 'type-graphql'
import { AtMost } from './directives.ts'
import { DateTime } from './scalars.ts'

const FORM = 'CLEAR, PSEUDONYM, GENERALISED, MASKED, NOISED or WITHHELD.'

@ObjectType({ description: 'A field as a caller would see it.', simpleResolvers: true })
export class PreviewedField {
  @Field(() => String, { description: '`Contact.email`, or `trait.plan`.' })
  field!: string

  @Field(() => String, { description: FORM })
  form!: string

  @Field(() => String, { nullable: true, description: 'Why it is withheld.' })
  reason!: string | null
}

@ObjectType({
  description: 'What a caller sees of a person at one instant, under one policy. No values.',
  simpleResolvers: true,
})
export class Previewed {
  @Field(() => String, { description: 'Version of the policy.' })
  policyVersion!: string

  @Field(() => DateTime, { description: 'The instant.' })
  at!: number

  @Field(() => Boolean, { description: 'Whether the caller may know that the profile exists.' })
  known!: boolean

  @Field(() => String, {
    nullable: true,
    description:
      'How the person stands to the purpose; null: they never decided, or were not known.',
  })
  consent!: string | null

  @AtMost(100)
  @Field(() => [PreviewedField], { description: 'All fields and registered traits.' })
  fields!: PreviewedField[]
}

@ObjectType({ description: 'A field that is seen in another form.', simpleResolvers: true })
export class PreviewDifference {
  @Field(() => String, { description: '`Contact.email`, or `trait.plan`.' })
  field!: string

  @Field(() => String, { description: FORM })
  now!: string

  @Field(() => String, { nullable: true, description: 'Why it is withheld now.' })
  nowReason!: string | null

  @Field(() => String, { description: FORM })
  other!: string

  @Field(() => String, { nullable: true, description: 'Why it was, or would be, withheld.' })
  otherReason!: string | null
}

@ObjectType({
  description:
    'What a caller would see of a person, and how that differs at another time or under another policy.',
  simpleResolvers: true,
})
export class PrivacyPreview {
  @Field(() => Previewed, { description: 'Now, under the policy in force.' })
  now!: Previewed

  @Field(() => Previewed, {
    nullable: true,
    description: 'At the instant, or under the policy, that was asked for.',
  })
  other!: Previewed | null

  @AtMost(100)
  @Field(() => [PreviewDifference], { description: 'Between the two.' })
  differences!: PreviewDifference[]
}
