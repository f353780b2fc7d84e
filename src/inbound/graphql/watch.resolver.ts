import { Arg, Ctx, ID, Resolver, Root, Subscription } from 'type-graphql'
import type { ProfileView, SegmentView } from '../../gateway/disclose/views.ts'
import type { WatchedChange } from '../../gateway/disclose/watch.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type SegmentNode, segmentNode } from './catalogue.resolver.ts'
import { ProfileChange, SegmentChange } from './change.type.ts'
import { Needs } from './directives.ts'
import type { Doors } from './doors.ts'

/**
 * Subscriptions. The source only says that something changed; each answer is a new disclosure, decided and recorded
 * like any other.
 */
@Resolver()
export class WatchResolver {
  @Needs('profile:read')
  @Subscription(() => ProfileChange, {
    description:
      'The profile, disclosed anew whenever it changes; null, once, when it may not be told any more.',
    subscribe: ({ args, context }: { args: { id?: string | null }; context: Doors }) =>
      context.watch.profile(context.scope, args.id ?? null),
  })
  async profileChanged(
    @Root() { pseudonym }: WatchedChange,
    @Ctx() { disclose }: Doors,
    @Arg('id', () => ID, { nullable: true, description: 'Whose; absent: of the person acted for.' })
    id: string | null,
  ): Promise<{ profile: ProfileView | null }> {
    if (pseudonym === null) return { profile: await disclose.me() }
    return { profile: await disclose.profile(pseudonym, id ?? pseudonym) }
  }

  @Needs('segments:read')
  @Subscription(() => SegmentChange, {
    description: 'People who enter or leave a segment.',
    subscribe: async ({ args, context }: { args: { key: string }; context: Doors }) => {
      await knownSegment(context, args.key)
      return context.watch.segment(context.scope, args.key)
    },
  })
  async segmentChanged(
    @Root() { pseudonym }: WatchedChange,
    @Ctx() doors: Doors,
    @Arg('key', () => String, { description: 'Key of the segment.' }) key: string,
  ): Promise<{ segment: SegmentNode; profile: ProfileView | null }> {
    return {
      segment: segmentNode(await knownSegment(doors, key)),
      profile: pseudonym === null ? null : await doors.disclose.profileIn(key, pseudonym),
    }
  }
}

async function knownSegment({ disclose }: Doors, key: string): Promise<SegmentView> {
  const segment = await disclose.catalogue.segment(key)
  if (!segment) throw new Refusal('NOT_FOUND', 'There is no such segment.')
  return segment
}
