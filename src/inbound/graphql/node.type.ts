import { Field, ID, InterfaceType, ObjectType } from 'type-graphql'

@InterfaceType({ description: 'Anything with a global id (Relay).' })
export abstract class Node {
  @Field(() => ID, {
    description: 'Global id. For a profile: its pseudonym in the audience of the caller.',
  })
  id!: string
}

/** Global ids say their type: `segment:…`, `item:…`; a profile's is its pseudonym. */
export function typeOfId(id: string): 'Segment' | 'Item' | 'Profile' {
  if (id.startsWith('segment:')) return 'Segment'
  return id.startsWith('item:') ? 'Item' : 'Profile'
}

@ObjectType({ description: 'Where a page stands in its list (Relay).', simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether there are more after this page.' })
  hasNextPage!: boolean

  @Field(() => Boolean, { description: 'Whether there are some before this page.' })
  hasPreviousPage!: boolean

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge.' })
  startCursor!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the last edge: pass it as `after`.',
  })
  endCursor!: string | null
}
