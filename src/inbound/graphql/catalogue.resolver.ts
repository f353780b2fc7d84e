import { Arg, Args, Ctx, Query, Resolver } from 'type-graphql'
import type { ItemView, SegmentView } from '../../gateway/disclose/views.ts'
import { type Connection, connectionOf } from './connection.ts'
import { ItemConnection, Segment, SegmentConnection } from './derived.type.ts'
import { Needs, Paged } from './directives.ts'
import type { Doors } from './doors.ts'
import { PageArgs, pageOf } from './page.args.ts'

export type SegmentNode = SegmentView & { readonly id: string }

export const segmentNode = (segment: SegmentView): SegmentNode => ({
  ...segment,
  id: `segment:${segment.key}`,
})

@Resolver(() => Segment)
export class SegmentResolver {
  @Needs('segments:read')
  @Paged(20)
  @Query(() => SegmentConnection, { description: 'Segments that the caller may know of, by key.' })
  async segments(
    @Ctx() { disclose }: Doors,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Connection<SegmentNode>> {
    return connectionOf(await disclose.catalogue.segments(pageOf(page)), segmentNode)
  }

  @Needs('segments:read')
  @Query(() => Segment, { nullable: true, description: 'One segment by key.' })
  async segment(
    @Ctx() { disclose }: Doors,
    @Arg('key', () => String, { description: 'Its key.' }) key: string,
  ): Promise<SegmentNode | null> {
    const segment = await disclose.catalogue.segment(key)
    return segment && segmentNode(segment)
  }
}

@Resolver()
export class ItemResolver {
  @Paged(20)
  @Query(() => ItemConnection, { description: 'The catalogue, by id.' })
  async items(
    @Ctx() { disclose }: Doors,
    @Arg('category', () => String, { nullable: true, description: 'Only this category.' }) category:
      | string
      | null,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Connection<ItemView>> {
    return connectionOf(
      await disclose.catalogue.items(category ?? null, pageOf(page)),
      (item) => item,
    )
  }
}
