import { Field, ID, ObjectType } from 'type-graphql'
import { DateTime } from './scalars.ts'

@ObjectType({
  description: 'What somebody asks for about their own data.',
  simpleResolvers: true,
})
export class SubjectRequest {
  @Field(() => ID, { description: 'Its id.' })
  id!: string

  @Field(() => String, {
    description: 'access, portability, erasure, rectification, restriction or objection.',
  })
  type!: string

  @Field(() => String, { description: 'pending, in_progress, completed or cancelled.' })
  status!: string

  @Field(() => String, {
    description: 'Under which law it was asked, gdpr or ccpa: by it the deadline counts.',
  })
  regulation!: string

  @Field(() => DateTime, {
    description: 'When the person asked; from then on the deadline counts.',
  })
  submittedAt!: number

  @Field(() => DateTime, { description: 'When it came here.' })
  receivedAt!: number

  @Field(() => DateTime, { description: 'Until when it has to be answered.' })
  dueAt!: number

  @Field(() => Boolean, { description: 'Whether it is open and the deadline has passed.' })
  overdue!: boolean

  @Field(() => String, { nullable: true, description: 'Why it takes longer, where it does.' })
  extension!: string | null

  @Field(() => DateTime, { nullable: true, description: 'When it was completed or cancelled.' })
  settledAt!: number | null

  @Field(() => String, {
    nullable: true,
    description:
      'Where the answer can be downloaded, for an hour: for the person, right after they asked.',
  })
  packageUrl!: string | null
}
