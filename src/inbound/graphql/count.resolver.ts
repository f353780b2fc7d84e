import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql'
import type {
  BudgetView,
  PeopleCountView,
  SegmentsCountView,
} from '../../gateway/disclose/views.ts'
import type { SegmentNode } from './catalogue.resolver.ts'
import { PeopleCount, PrivacyBudget, SegmentsCount } from './count.type.ts'
import { Segment, Viewer } from './derived.type.ts'
import { AsLongAs, AtMost, Costs, Needs } from './directives.ts'
import type { Doors } from './doors.ts'
import { Json } from './scalars.ts'

@Resolver(() => Segment)
export class SegmentSizeResolver {
  @Costs(10)
  @FieldResolver(() => PeopleCount, {
    nullable: true,
    description:
      'Members whose consent covers the purpose: with noise or rounded, as the role may know it; null for roles that are not told.',
  })
  async size(
    @Root() segment: SegmentNode,
    @Ctx() { disclose }: Doors,
  ): Promise<PeopleCountView | null> {
    return await disclose.counts.sizeOf(segment.key)
  }
}

@Resolver(() => Viewer)
export class ViewerBudgetResolver {
  @AtMost(50)
  @FieldResolver(() => [PrivacyBudget], {
    description: 'Budgets for counts with noise, one per purpose; none where counts cost nothing.',
  })
  async budgets(@Ctx() { disclose }: Doors): Promise<readonly BudgetView[]> {
    return await disclose.counts.budgets()
  }
}

@Resolver()
export class CountResolver {
  @Needs('segments:read')
  @Costs(10)
  @Query(() => PeopleCount, {
    description:
      'How many people a rule would find, before a segment is made of it. For the staff.',
  })
  async segmentPreview(
    @Ctx() { disclose }: Doors,
    @Arg('rule', () => Json, { description: 'The rule: a tree of conditions.' }) rule: unknown,
  ): Promise<PeopleCountView> {
    return await disclose.counts.preview(rule)
  }

  @Needs('segments:read')
  @Costs(10)
  @AtMost(15)
  @Query(() => [SegmentsCount], {
    description: 'Members that each two of these segments have in common. For the staff.',
  })
  async segmentOverlap(
    @Ctx() { disclose }: Doors,
    @Arg('keys', () => [String], { description: 'Keys, two to six.' }) keys: string[],
  ): Promise<readonly SegmentsCountView[]> {
    return await disclose.counts.overlap(keys)
  }

  @Needs('segments:read')
  @Costs(10)
  @AsLongAs('keys')
  @Query(() => [SegmentsCount], {
    description:
      'Members of the first segment, of the first two, of the first three, and so on. For the staff.',
  })
  async segmentFunnel(
    @Ctx() { disclose }: Doors,
    @Arg('keys', () => [String], { description: 'Keys in order, two to six.' }) keys: string[],
  ): Promise<readonly SegmentsCountView[]> {
    return await disclose.counts.funnel(keys)
  }
}
