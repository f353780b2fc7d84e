import { Field, ObjectType } from 'type-graphql'
import { AtMost } from './directives.ts'
import { PageInfo } from './node.type.ts'
import { DateTime } from './scalars.ts'

@ObjectType({ description: 'A field that was shown, and in which form.', simpleResolvers: true })
export class DisclosedField {
  @Field(() => String, { description: 'Path of the field: `contact.email`.' })
  path!: string

  @Field(() => String, {
    description: 'Its form: CLEAR, PSEUDONYM, GENERALISED, MASKED or NOISED.',
  })
  treatment!: string
}

@ObjectType({
  description: 'One time that somebody was shown something of a person.',
  simpleResolvers: true,
})
export class Disclosure {
  @Field(() => DateTime, { description: 'When.' })
  at!: number

  @Field(() => String, { description: 'Name of the client that asked.' })
  by!: string

  @Field(() => String, { description: 'Audience that received it.' })
  audience!: string

  @Field(() => String, { nullable: true, description: 'Purpose, as the policy calls it.' })
  purpose!: string | null

  @Field(() => String, { nullable: true, description: 'Legal basis of the purpose.' })
  legalBasis!: string | null

  @Field(() => String, { description: 'Purpose and basis, in words.' })
  why!: string

  @AtMost(60)
  @Field(() => [DisclosedField], { description: 'What was shown; empty in bulk.' })
  fields!: DisclosedField[]

  @Field(() => Boolean, { description: 'The person asked, through that client.' })
  byPerson!: boolean

  @Field(() => Boolean, {
    description: 'As one of many, named by a list: a model fit, a bulk export. Told once a day.',
  })
  inBulk!: boolean

  @Field(() => String, { description: 'Receipt of the response.' })
  receipt!: string

  @Field(() => String, { description: 'All of it as one sentence.' })
  inWords!: string
}

@ObjectType({ description: 'A disclosure and its place.', simpleResolvers: true })
export class DisclosureEdge {
  @Field(() => Disclosure, { description: 'The disclosure.' })
  node!: Disclosure

  @Field(() => String, { description: 'Sealed position.' })
  cursor!: string
}

@ObjectType({ description: 'Disclosures, newest first.', simpleResolvers: true })
export class DisclosureConnection {
  @Field(() => [DisclosureEdge], { description: 'The disclosures of this page.' })
  edges!: DisclosureEdge[]

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo
}
