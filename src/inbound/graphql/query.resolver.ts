import { Arg, Args, Ctx, ID, Query, Resolver } from 'type-graphql'
import type {
  DisclosureView,
  ItemView,
  PrivacyPreviewView,
  ProfileView,
} from '../../gateway/disclose/views.ts'
import { type SegmentNode, segmentNode } from './catalogue.resolver.ts'
import { type Connection, connectionOf } from './connection.ts'
import { ProfileConnection, Viewer } from './derived.type.ts'
import { AsLongAs, Needs, Paged, Personal } from './directives.ts'
import { DisclosureConnection } from './disclosure.type.ts'
import type { Doors } from './doors.ts'
import { IdentifierInput, ProfileFilter, ProfileOrder } from './inputs.type.ts'
import { Node, typeOfId } from './node.type.ts'
import { PageArgs, pageOf } from './page.args.ts'
import { PrivacyPreview } from './preview.type.ts'
import { Profile } from './profile.type.ts'
import { DateTime, Json } from './scalars.ts'
import { type ViewerView, viewerOf } from './viewer.ts'

@Resolver()
export class QueryResolver {
  @Query(() => Node, { nullable: true, description: 'Anything by its global id.' })
  async node(
    @Ctx() { disclose }: Doors,
    @Arg('id', () => ID, { description: 'Global id.' }) id: string,
  ): Promise<ProfileView | ItemView | SegmentNode | null> {
    const type = typeOfId(id)
    if (type === 'Profile') return await disclose.profile(id)
    const key = id.slice(id.indexOf(':') + 1)
    if (type === 'Item') return await disclose.catalogue.item(key)
    const segment = await disclose.catalogue.segment(key)
    return segment && segmentNode(segment)
  }

  @Query(() => Viewer, { description: 'Who am I, and what may I.' })
  viewer(@Ctx() { scope }: Doors): ViewerView {
    return viewerOf(scope)
  }

  @Needs('profile:read')
  @Query(() => Profile, {
    nullable: true,
    description: 'The person or visitor whom this request acts for.',
  })
  async me(@Ctx() { disclose }: Doors): Promise<ProfileView | null> {
    return await disclose.me()
  }

  @Needs('profile:read')
  @Query(() => Profile, {
    nullable: true,
    description: "By the pseudonym of this caller's audience.",
  })
  async profile(
    @Ctx() { disclose }: Doors,
    @Arg('id', () => ID, { description: 'The pseudonym.' }) id: string,
  ): Promise<ProfileView | null> {
    return await disclose.profile(id)
  }

  @Needs('profile:read')
  @Query(() => Profile, {
    nullable: true,
    description: 'By an identifier, within the look-up rules and daily budget of the caller.',
  })
  async profileBy(
    @Ctx() { disclose }: Doors,
    @Arg('identifier', () => IdentifierInput, { description: 'The identifier.' })
    identifier: IdentifierInput,
  ): Promise<ProfileView | null> {
    return await disclose.profileBy(identifier)
  }

  @Needs('profile:read')
  @AsLongAs('ids')
  @Query(() => [Profile], {
    nullable: 'items',
    description: 'Several by pseudonym; null where one is unknown or hidden.',
  })
  async profiles(
    @Ctx() { disclose }: Doors,
    @Arg('ids', () => [ID], { description: 'Pseudonyms, at most 1,000.' }) ids: string[],
  ): Promise<(ProfileView | null)[]> {
    return await disclose.profiles(ids)
  }

  @Personal('Query.disclosuresOf')
  @Needs('profile:read')
  @Paged(20)
  @Query(() => DisclosureConnection, {
    nullable: true,
    description:
      'Who saw what of a person, when and why, newest first, at most 100 a page: for the person, and for compliance.',
  })
  async disclosuresOf(
    @Ctx() { disclose }: Doors,
    @Arg('profile', () => ID, {
      nullable: true,
      description: "Pseudonym of the caller's audience; absent: the person acted for.",
    })
    profile: string | null,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Connection<DisclosureView> | null> {
    const disclosures = await disclose.disclosuresOf(profile ?? null, pageOf(page))
    return disclosures && connectionOf(disclosures, (disclosure) => disclosure)
  }

  @Personal('Query.privacyPreview')
  @Needs('audit:read')
  @Query(() => PrivacyPreview, {
    nullable: true,
    description:
      'What a caller would see of a person, as forms and reasons, never values: now, at a past instant by the policy of that time, or under a proposed policy. For compliance.',
  })
  async privacyPreview(
    @Ctx() { disclose }: Doors,
    @Arg('profile', () => ID, { description: "Pseudonym of the caller's audience." })
    profile: string,
    @Arg('as', () => String, { description: 'Id of a client, or a role: `role:partner`.' })
    as: string,
    @Arg('purpose', () => String, { description: 'Which that caller may declare.' })
    purpose: string,
    @Arg('at', () => DateTime, { nullable: true, description: 'A past instant to compare with.' })
    at: number | null,
    @Arg('policy', () => Json, {
      nullable: true,
      description:
        'A proposed policy to compare with: tables by name, `{"roles": [{…}, …]}`, each a list of rows; tables left out are as they were.',
    })
    policy: unknown,
  ): Promise<PrivacyPreviewView | null> {
    return await disclose.preview(profile, { as, purpose, at: at ?? null, policy: policy ?? null })
  }

  @Needs('profile:search')
  @Paged(20)
  @Query(() => ProfileConnection, { description: 'Profiles that the caller may know of.' })
  async searchProfiles(
    @Ctx() { disclose }: Doors,
    @Arg('filter', () => ProfileFilter, { nullable: true, description: 'Conditions.' })
    filter: ProfileFilter | null,
    @Arg('orderBy', () => ProfileOrder, { nullable: true, description: 'Order.' })
    orderBy: ProfileOrder | null,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Connection<ProfileView>> {
    return connectionOf(
      await disclose.lists.search(filter ?? {}, orderBy ?? null, pageOf(page)),
      (profile) => profile,
    )
  }
}
