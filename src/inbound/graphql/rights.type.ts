import { Field, ID, ObjectType } from 'type-graphql'
import { DateTime } from './scalars.ts'

@ObjectType({
  description: 'An erasure. It names nobody, and can not be traced to whom it erased.',
  simpleResolvers: true,
})
export class Erasure {
  @Field(() => ID, { description: 'Random.' })
  id!: string

  @Field(() => DateTime, { description: 'Since when nothing of the person can be read.' })
  begunAt!: number

  @Field(() => DateTime, {
    nullable: true,
    description: 'When their keys were destroyed and no store and no index knew them any more.',
  })
  stoppedAt!: number | null
}
