import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql'
import { Personal } from './directives.ts'
import { Node, PageInfo } from './node.type.ts'
import { Profile } from './profile.type.ts'
import { DateTime, Json } from './scalars.ts'

@ObjectType({ description: 'Where a value came from and why it won.', simpleResolvers: true })
export class Lineage {
  @Field(() => String, { description: 'The source.' })
  source!: string

  @Field(() => DateTime, { nullable: true, description: 'When the source observed it.' })
  observedAt!: number | null

  @Field(() => String, { nullable: true, description: 'The survivorship rule that chose it.' })
  rule!: string | null
}

@ObjectType({ description: 'One unified trait.', simpleResolvers: true })
export class Trait {
  @Field(() => String, { description: 'Key of the trait in the registry.' })
  key!: string

  @Field(() => Json, { description: 'Its value, in the treatment decided for it.' })
  value!: unknown

  @Personal('Trait.lineage')
  @Field(() => Lineage, { nullable: true, description: 'Where the value came from.' })
  lineage!: Lineage | null
}

@ObjectType({ description: 'One event of a person.', simpleResolvers: true })
export class TimelineEvent {
  @Field(() => String, { description: 'Name of the event.' })
  name!: string

  @Field(() => DateTime, { description: 'When it happened.' })
  at!: number

  @Field(() => String, { nullable: true, description: 'Item concerned.' })
  itemId!: string | null

  @Field(() => String, { nullable: true, description: 'Order concerned.' })
  orderId!: string | null

  @Field(() => Float, { nullable: true, description: 'Money value.' })
  value!: number | null

  @Field(() => Json, { nullable: true, description: 'Registered properties.' })
  properties!: unknown
}

@ObjectType({ description: 'An event and its place.', simpleResolvers: true })
export class EventEdge {
  @Field(() => TimelineEvent, { description: 'The event.' })
  node!: TimelineEvent

  @Field(() => String, { description: 'Sealed position.' })
  cursor!: string
}

@ObjectType({ description: 'Events, newest first.', simpleResolvers: true })
export class EventConnection {
  @Field(() => [EventEdge], { description: 'The events of this page.' })
  edges!: EventEdge[]

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo
}

@ObjectType({
  implements: Node,
  description: 'A group of people defined by a rule.',
  simpleResolvers: true,
})
export class Segment extends Node {
  @Field(() => String, { description: 'Key of the segment.' })
  key!: string

  @Field(() => String, { description: 'Name.' })
  name!: string

  @Field(() => String, { description: 'What it is for.' })
  description!: string

  @Field(() => String, {
    nullable: true,
    description: 'The rule in one line; null for callers who may not see rules.',
  })
  rule!: string | null

  @Field(() => [String], {
    description:
      'Data categories that the rule reads: a membership is disclosed only where all of them are.',
  })
  categories!: string[]
}

@ObjectType({ description: 'A segment and its place.', simpleResolvers: true })
export class SegmentEdge {
  @Field(() => Segment, { description: 'The segment.' })
  node!: Segment

  @Field(() => String, { description: 'Sealed position.' })
  cursor!: string
}

@ObjectType({ description: 'Segments by key.', simpleResolvers: true })
export class SegmentConnection {
  @Field(() => [SegmentEdge], { description: 'The segments of this page.' })
  edges!: SegmentEdge[]

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo
}

@ObjectType({ description: 'A person is a member of a segment.', simpleResolvers: true })
export class SegmentMembership {
  @Field(() => String, { description: 'Key of the segment.' })
  key!: string

  @Field(() => String, { description: 'Name of the segment.' })
  name!: string

  @Field(() => DateTime, { nullable: true, description: 'When time alone may end it.' })
  until!: number | null
}

@ObjectType({
  implements: Node,
  description: 'Something that can be recommended.',
  simpleResolvers: true,
})
export class Item extends Node {
  @Field(() => String, { description: 'Id of the item in the catalogue.' })
  itemId!: string

  @Field(() => String, { description: 'Title.' })
  title!: string

  @Field(() => String, { nullable: true, description: 'Category.' })
  category!: string | null

  @Field(() => Float, { nullable: true, description: 'Price.' })
  price!: number | null

  @Field(() => Boolean, { description: 'Whether it can be had.' })
  available!: boolean
}

@ObjectType({ description: 'An item and its place.', simpleResolvers: true })
export class ItemEdge {
  @Field(() => Item, { description: 'The item.' })
  node!: Item

  @Field(() => String, { description: 'Sealed position.' })
  cursor!: string
}

@ObjectType({ description: 'Items by id.', simpleResolvers: true })
export class ItemConnection {
  @Field(() => [ItemEdge], { description: 'The items of this page.' })
  edges!: ItemEdge[]

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo
}

export enum Recommender {
  ITEM_TO_ITEM = 'ITEM_TO_ITEM',
  POPULARITY = 'POPULARITY',
}
registerEnumType(Recommender, {
  name: 'Recommender',
  description: 'Which recommender answered.',
  valuesConfig: {
    ITEM_TO_ITEM: { description: 'Items like those that the person has seen or bought.' },
    POPULARITY: { description: 'What is popular now: the same for everybody.' },
  },
})

@ObjectType({ description: 'One recommended item.', simpleResolvers: true })
export class Recommendation {
  @Field(() => String, { description: 'Id of the item.' })
  itemId!: string

  @Field(() => Float, { description: 'Score: higher is better; comparable within one list only.' })
  score!: number

  @Field(() => Item, {
    nullable: true,
    description: 'The item itself; null when it has left the catalogue.',
  })
  item!: Item | null

  @Field(() => Item, {
    nullable: true,
    description:
      'The item of the person that argues most for it; null for callers who may not see activity in clear.',
  })
  because!: Item | null
}

@ObjectType({ description: 'A list of recommended items.', simpleResolvers: true })
export class RecommendationList {
  @Field(() => Recommender, { description: 'Who answered: personal or popular.' })
  recommender!: Recommender

  @Field(() => [Recommendation], { description: 'Best first.' })
  recommendations!: Recommendation[]
}

@ObjectType({
  description: 'What a person decided about one purpose, as it stands now.',
  simpleResolvers: true,
})
export class ConsentState {
  @Field(() => String, { description: 'The purpose.' })
  purpose!: string

  @Field(() => String, { nullable: true, description: 'The recipient named.' })
  recipient!: string | null

  @Field(() => String, { description: 'State, as in DPV 2.3.' })
  state!: string

  @Field(() => [String], {
    nullable: true,
    description: 'Data categories it is limited to; null: all of the purpose.',
  })
  categories!: string[] | null

  @Field(() => DateTime, { nullable: true, description: 'Since when.' })
  effectiveAt!: number | null

  @Field(() => DateTime, { nullable: true, description: 'Until when.' })
  expiresAt!: number | null

  @Field(() => String, {
    nullable: true,
    description: 'Where the decision came from: record, gpc, tcf, gpp.',
  })
  source!: string | null
}

@ObjectType({ description: 'A profile and its place.', simpleResolvers: true })
export class ProfileEdge {
  @Field(() => Profile, { description: 'The profile.' })
  node!: Profile

  @Field(() => String, { description: 'Sealed position.' })
  cursor!: string
}

@ObjectType({ description: 'Profiles that the caller may know of.', simpleResolvers: true })
export class ProfileConnection {
  @Field(() => [ProfileEdge], { description: 'The profiles of this page.' })
  edges!: ProfileEdge[]

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo
}

@ObjectType({ description: 'Who asks, as the gateway understood it.', simpleResolvers: true })
export class Viewer {
  @Field(() => String, { description: 'Id of the client.' })
  client!: string

  @Field(() => [String], { description: 'Effective roles.' })
  roles!: string[]

  @Field(() => [String], { description: 'Scopes of the token.' })
  scopes!: string[]

  @Field(() => String, { description: 'Audience: the domain of its pseudonyms.' })
  audience!: string

  @Field(() => [String], { description: 'Purposes that it may declare.' })
  purposes!: string[]

  @Field(() => String, { nullable: true, description: 'Purpose when none is named.' })
  defaultPurpose!: string | null

  @Field(() => Boolean, { description: 'Whether the request acts for one person.' })
  actsForSubject!: boolean

  @Field(() => Int, {
    nullable: true,
    description: 'Look-ups by identifier per UTC day; null: not limited.',
  })
  lookupsPerDay!: number | null
}
