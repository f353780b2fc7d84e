import { Field, ObjectType } from 'type-graphql'
import { Segment } from './derived.type.ts'
import { Profile } from './profile.type.ts'

@ObjectType({ description: 'What became of an event or of traits.', simpleResolvers: true })
export class TellAnswer {
  @Field(() => Boolean, { description: 'Whether it was taken.' })
  accepted!: boolean

  @Field(() => Boolean, { description: 'Whether it had been taken before.' })
  duplicate!: boolean

  @Field(() => [String], { description: 'Why it was not taken.' })
  reasons!: string[]
}

@ObjectType({ description: 'A recorded decision.', simpleResolvers: true })
export class ConsentChange {
  @Field(() => Boolean, { description: 'Whether it is in force: reads that start now see it.' })
  accepted!: boolean

  @Field(() => Profile, {
    nullable: true,
    description: 'The person, as this caller may see them after it.',
  })
  profile!: Profile | null
}

@ObjectType({
  description: 'Something about the person changed; the profile is disclosed anew.',
  simpleResolvers: true,
})
export class ProfileChange {
  @Field(() => Profile, {
    nullable: true,
    description: 'The profile now; null when the caller may no longer know of it.',
  })
  profile!: Profile | null
}

@ObjectType({ description: 'Somebody entered or left a segment.', simpleResolvers: true })
export class SegmentChange {
  @Field(() => Segment, { description: 'The segment.' })
  segment!: Segment

  @Field(() => Profile, {
    nullable: true,
    description: 'The person, as this caller may see them now; null where it may not know of them.',
  })
  profile!: Profile | null
}
