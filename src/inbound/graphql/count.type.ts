import { Field, Float, Int, ObjectType } from 'type-graphql'
import { DateTime } from './scalars.ts'

@ObjectType({
  description: 'How many people, in the form in which the caller may know it.',
  simpleResolvers: true,
})
export class PeopleCount {
  @Field(() => Int, {
    nullable: true,
    description: 'With noise, or rounded; null where it is withheld because there are too few.',
  })
  value!: number | null

  @Field(() => Boolean, { description: 'Whether it is withheld because there are too few.' })
  suppressed!: boolean

  @Field(() => String, {
    description:
      'NOISED: differentially private noise was added. GENERALISED: rounded, without that promise, because the caller can list the same people or is not a partner.',
  })
  treatment!: string

  @Field(() => Int, { nullable: true, description: 'A multiple of this; null with noise.' })
  roundedTo!: number | null

  @Field(() => Float, {
    nullable: true,
    description: 'What it has cost in ε, with discrete Laplace noise of scale 1/ε.',
  })
  epsilon!: number | null

  @Field(() => Float, {
    nullable: true,
    description: 'What it has cost in ρ, with discrete Gaussian noise of variance 1/(2ρ).',
  })
  rho!: number | null

  @Field(() => Float, {
    nullable: true,
    description: 'What the budget held after it was paid for.',
  })
  budgetLeft!: number | null

  @Field(() => DateTime, {
    description: 'When it was counted; asked again on the same UTC day, the answer is the same.',
  })
  asOf!: number
}

@ObjectType({
  description: 'People who are members of all of some segments.',
  simpleResolvers: true,
})
export class SegmentsCount {
  @Field(() => [String], { description: 'Keys of the segments.' })
  keys!: string[]

  @Field(() => PeopleCount, { description: 'How many are members of each of them.' })
  count!: PeopleCount
}

@ObjectType({
  description: 'What is left to be spent on counts with noise.',
  simpleResolvers: true,
})
export class PrivacyBudget {
  @Field(() => String, {
    description: 'People who are counted: those who agreed to this purpose for this audience.',
  })
  population!: string

  @Field(() => String, {
    description: 'laplace: amounts are ε. gaussian: amounts are ρ.',
  })
  mechanism!: string

  @Field(() => Float, { description: 'The most that may be spent in a window.' })
  limit!: number

  @Field(() => Float, { description: 'What is left of it.' })
  left!: number

  @Field(() => Float, { description: 'Price of one new count.' })
  perCount!: number

  @Field(() => Float, {
    description: 'What was spent, as ε; for Gaussian noise at δ = 0.000001.',
  })
  epsilonSpent!: number

  @Field(() => DateTime, { description: 'When the next window begins.' })
  renewedAt!: number
}
