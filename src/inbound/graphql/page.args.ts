import { ArgsType, Field, Int } from 'type-graphql'

/** Which page of a list (Relay, forwards only). */
@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, description: 'At most so many; 20 where it is not said.' })
  first?: number | null

  @Field(() => String, { nullable: true, description: 'Cursor to continue after.' })
  after?: string | null
}

/** As the doors take it. */
export function pageOf({ first, after }: PageArgs): { first: number | null; after: string | null } {
  return { first: first ?? null, after: after ?? null }
}
