import { Arg, Args, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql'
import type {
  ConsentStateView,
  MembershipView,
  ProfileView,
  RecommendationListView,
  TimelineEventView,
  TraitView,
} from '../../gateway/disclose/views.ts'
import { type Connection, connectionOf } from './connection.ts'
import {
  ConsentState,
  EventConnection,
  RecommendationList,
  SegmentMembership,
  Trait,
} from './derived.type.ts'
import { AsLongAs, AtMost, Paged, Personal } from './directives.ts'
import type { Doors } from './doors.ts'
import { PageArgs, pageOf } from './page.args.ts'
import { Profile } from './profile.type.ts'

/** Recommendations where no number is named. */
const RECOMMENDED = 10

@Resolver(() => Profile)
export class ProfileResolver {
  @Personal('Profile.timeline')
  @Paged(20)
  @FieldResolver(() => EventConnection, {
    nullable: true,
    description: 'Events, newest first, at most 100 a page.',
  })
  async timeline(
    @Root() profile: ProfileView,
    @Ctx() { disclose }: Doors,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Connection<TimelineEventView> | null> {
    const events = await disclose.history.timelineOf(profile, pageOf(page))
    return events && connectionOf(events, (event) => event)
  }

  @Personal('Profile.trait')
  @FieldResolver(() => Trait, {
    nullable: true,
    description: 'One unified trait by key, with its lineage.',
  })
  async trait(
    @Root() profile: ProfileView,
    @Ctx() { disclose }: Doors,
    @Arg('key', () => String, { description: 'Key of the trait.' }) key: string,
  ): Promise<TraitView | null> {
    return (await disclose.traits.traitsOf(profile, [key], 'trait'))?.[0] ?? null
  }

  @Personal('Profile.traits')
  @AsLongAs('keys', 30)
  @FieldResolver(() => [Trait], {
    nullable: true,
    description: 'Unified traits; all registered ones where no keys are named.',
  })
  async traits(
    @Root() profile: ProfileView,
    @Ctx() { disclose }: Doors,
    @Arg('keys', () => [String], { nullable: true, description: 'Keys of traits.' }) keys:
      | string[]
      | null,
  ): Promise<TraitView[] | null> {
    return await disclose.traits.traitsOf(profile, keys ?? null, 'traits')
  }

  @Personal('Profile.segments')
  @AtMost(20)
  @FieldResolver(() => [SegmentMembership], {
    nullable: true,
    description: 'Segments that the person is a member of.',
  })
  async segments(
    @Root() profile: ProfileView,
    @Ctx() { disclose }: Doors,
  ): Promise<MembershipView[] | null> {
    return await disclose.derived.segmentsOf(profile)
  }

  @Personal('Profile.recommendations')
  @Paged(RECOMMENDED, 'recommendations')
  @FieldResolver(() => RecommendationList, {
    nullable: true,
    description: 'What to recommend; the list says which recommender answered.',
  })
  async recommendations(
    @Root() profile: ProfileView,
    @Ctx() { disclose }: Doors,
    @Arg('first', () => Int, {
      nullable: true,
      description: 'At most so many, up to 50; 10 where it is not said.',
    })
    first: number | null,
    @Arg('category', () => String, { nullable: true, description: 'Only items of this category.' })
    category: string | null,
  ): Promise<RecommendationListView | null> {
    return await disclose.derived.recommendationsOf(profile, {
      first: first ?? RECOMMENDED,
      category: category ?? null,
    })
  }

  @Personal('Profile.consents')
  @AtMost(20)
  @FieldResolver(() => [ConsentState], {
    nullable: true,
    description: 'What the person decided, purpose by purpose.',
  })
  async consents(
    @Root() profile: ProfileView,
    @Ctx() { disclose }: Doors,
  ): Promise<ConsentStateView[] | null> {
    return await disclose.history.consentsOf(profile)
  }
}
