import { Field, Float, ObjectType, registerEnumType } from 'type-graphql'
import { AtMost } from './directives.ts'
import { DateTime } from './scalars.ts'

export enum AuditDimension {
  DAY = 'day',
  ACTOR = 'actor',
  AUDIENCE = 'audience',
  PURPOSE = 'purpose',
  OUTCOME = 'outcome',
  FIELD = 'field',
}
registerEnumType(AuditDimension, {
  name: 'AuditDimension',
  description: 'By what the volumes of the trail are told apart.',
  valuesConfig: {
    DAY: { description: 'Day of UTC.' },
    ACTOR: { description: 'Client that asked.' },
    AUDIENCE: { description: 'Audience that received.' },
    PURPOSE: { description: 'Purpose.' },
    OUTCOME: { description: 'Outcome.' },
    FIELD: {
      description: 'Field that was disclosed in any form; an entry counts for each of its.',
    },
  },
})

export enum AuditMeasure {
  ENTRIES = 'entries',
  PEOPLE = 'people',
}
registerEnumType(AuditMeasure, {
  name: 'AuditMeasure',
  description: 'What of a client is compared with its days before.',
  valuesConfig: {
    ENTRIES: { description: 'How many entries it made.' },
    PEOPLE: { description: 'Of how many different people it asked.' },
  },
})

@ObjectType({ description: 'What some entries add up to.', simpleResolvers: true })
export class AuditVolume {
  @Field(() => String, { nullable: true, description: 'Day, where told apart by it.' })
  day!: string | null

  @Field(() => String, { nullable: true, description: 'Client, where told apart by it.' })
  actor!: string | null

  @Field(() => String, { nullable: true, description: 'Audience, where told apart by it.' })
  audience!: string | null

  @Field(() => String, { nullable: true, description: 'Purpose, where told apart by it.' })
  purpose!: string | null

  @Field(() => String, { nullable: true, description: 'Outcome, where told apart by it.' })
  outcome!: string | null

  @Field(() => String, { nullable: true, description: 'Field, where told apart by it.' })
  field!: string | null

  @Field(() => Float, { description: 'Entries.' })
  entries!: number

  @Field(() => Float, { description: 'People named, once for each entry that names them.' })
  disclosures!: number

  @Field(() => Float, {
    description: 'Different people among them: exact below 512, beyond that within a few percent.',
  })
  people!: number

  @Field(() => Float, {
    description: 'People named by lists beside the log: model fits and bulk exports.',
  })
  listed!: number
}

@ObjectType({
  description: 'A day on which a client did far more than on its own days before.',
  simpleResolvers: true,
})
export class UnusualVolume {
  @Field(() => String, { description: 'The day.' })
  day!: string

  @Field(() => String, { description: 'The client.' })
  actor!: string

  @Field(() => AuditMeasure, { description: 'Of what it did more.' })
  measure!: AuditMeasure

  @Field(() => Float, { description: 'How much.' })
  volume!: number

  @Field(() => Float, { description: 'Median of up to 28 days before.' })
  usual!: number

  @Field(() => Float, {
    description: 'How many robust deviations it lies above the median; more than 3.5 is unusual.',
  })
  score!: number
}

@ObjectType({ description: 'Who reads what, why, and how much.', simpleResolvers: true })
export class AuditStatistics {
  @Field(() => DateTime, { description: 'Begin of the first day counted.' })
  from!: number

  @Field(() => DateTime, { description: 'End of the last day counted.' })
  to!: number

  @AtMost(1_000)
  @Field(() => [AuditVolume], {
    description: 'By day where days were asked for, then the largest first.',
  })
  groups!: AuditVolume[]

  @AtMost(1_000)
  @Field(() => [UnusualVolume], { description: 'Days that stand out.' })
  unusual!: UnusualVolume[]
}
