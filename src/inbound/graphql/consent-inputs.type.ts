import { Field, ID, InputType } from 'type-graphql'
import { ConsentDecisionState } from './consent.type.ts'
import { DateTime, Json } from './scalars.ts'

@InputType({ description: 'Where a decision was taken: names of places, never words of people.' })
export class ConsentEvidenceInput {
  @Field(() => String, { nullable: true, description: 'Screen or page.' })
  screen?: string | null

  @Field(() => String, { nullable: true, description: 'What was pressed there.' })
  control?: string | null
}

@InputType({ description: 'Signals about a person from outside.' })
export class SignalsInput {
  @Field(() => Boolean, {
    nullable: true,
    description: 'Global Privacy Control: true is an opt-out, false says that it was turned off.',
  })
  gpc?: boolean | null

  @Field(() => String, { nullable: true, description: 'A TC string (IAB TCF v2.3).' })
  tcString?: string | null

  @Field(() => String, { nullable: true, description: 'A GPP string (IAB).' })
  gppString?: string | null

  @Field(() => Json, {
    nullable: true,
    description: "Segment's context.consent.categoryPreferences.",
  })
  categoryPreferences?: unknown

  @Field(() => String, {
    nullable: true,
    description: 'Where they were seen; the client if not said.',
  })
  collectionPoint?: string | null

  @Field(() => ID, {
    nullable: true,
    description: 'Whose, for staff; absent: of the person acted for.',
  })
  profile?: string | null
}

@InputType({ description: "A person's decision about a purpose." })
export class ConsentInput {
  @Field(() => String, { description: 'The purpose.' })
  purpose!: string

  @Field(() => Boolean, {
    nullable: true,
    description: 'Given, or withdrawn; or else tell the state.',
  })
  given?: boolean | null

  @Field(() => ConsentDecisionState, {
    nullable: true,
    description: 'What the person did, in place of "given".',
  })
  state?: keyof typeof ConsentDecisionState | null

  @Field(() => String, { nullable: true, description: 'Recipient, where the purpose names one.' })
  recipient?: string | null

  @Field(() => [String], { nullable: true, description: 'Limited to these data categories.' })
  categories?: string[] | null

  @Field(() => DateTime, { nullable: true, description: 'Until when.' })
  expiresAt?: number | null

  @Field(() => String, { nullable: true, description: 'Key of the notice that was shown.' })
  notice?: string | null

  @Field(() => String, { nullable: true, description: 'Its version.' })
  noticeVersion?: string | null

  @Field(() => String, { nullable: true, description: 'The language it was shown in (BCP 47).' })
  language?: string | null

  @Field(() => String, { nullable: true, description: 'Country that the person declared.' })
  jurisdiction?: string | null

  @Field(() => String, { nullable: true, description: 'How it was decided; api if not said.' })
  method?: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Where it was decided; the client if not said.',
  })
  collectionPoint?: string | null

  @Field(() => ConsentEvidenceInput, { nullable: true, description: 'What shows it.' })
  evidence?: ConsentEvidenceInput | null

  @Field(() => ID, {
    nullable: true,
    description: 'Whose, for staff; absent: of the person acted for.',
  })
  profile?: string | null
}
