import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import type { Disclose } from '../../gateway/disclose/disclose.ts'
import type { ItemView, ProfileView } from '../../gateway/disclose/views.ts'
import type { TellAnswer as Answer } from '../../gateway/ingest/tell.ts'
import { type SegmentNode, segmentNode } from './catalogue.resolver.ts'
import { ConsentChange, TellAnswer } from './change.type.ts'
import { ConsentInput, SignalsInput } from './consent-inputs.type.ts'
import { Item, Segment } from './derived.type.ts'
import { Needs } from './directives.ts'
import type { Doors } from './doors.ts'
import { IdentifyInput, ItemInput, SegmentInput, TrackInput } from './inputs.type.ts'

@Resolver()
export class ChangeResolver {
  @Needs('events:write')
  @Mutation(() => TellAnswer, { description: 'Takes one event.' })
  async track(
    @Ctx() { tell, scope }: Doors,
    @Arg('event', () => TrackInput, { description: 'The event.' }) event: TrackInput,
  ): Promise<Answer> {
    return await tell.track(scope, event)
  }

  @Needs('events:write')
  @Mutation(() => TellAnswer, { description: 'Takes what is known about a person.' })
  async identify(
    @Ctx() { tell, scope }: Doors,
    @Arg('person', () => IdentifyInput, { description: 'What is known.' }) person: IdentifyInput,
  ): Promise<Answer> {
    return await tell.identify(scope, person)
  }

  @Needs('consent:write')
  @Mutation(() => ConsentChange, {
    description: "Records a person's decision about a purpose; in force when this returns.",
  })
  async recordConsent(
    @Ctx() doors: Doors,
    @Arg('consent', () => ConsentInput, { description: 'The decision.' }) consent: ConsentInput,
  ): Promise<{ accepted: boolean; profile: ProfileView | null }> {
    return await decided(doors, consent)
  }

  @Needs('consent:write')
  @Mutation(() => ConsentChange, {
    description:
      'Withdraws a consent, in one step; no read that starts after this returns discloses on it.',
  })
  async withdrawConsent(
    @Ctx() doors: Doors,
    @Arg('purpose', () => String, { description: 'The purpose.' }) purpose: string,
    @Arg('recipient', () => String, {
      nullable: true,
      description: 'The recipient, where the purpose names one.',
    })
    recipient: string | null,
    @Arg('profile', () => String, {
      nullable: true,
      description: 'Whose, for staff; absent: of the person acted for.',
    })
    profile: string | null,
  ): Promise<{ accepted: boolean; profile: ProfileView | null }> {
    return await decided(doors, {
      purpose,
      given: false,
      recipient: recipient ?? null,
      profile: profile ?? null,
    })
  }

  @Needs('consent:write')
  @Mutation(() => ConsentChange, {
    description:
      'Records signals from outside about a person: Global Privacy Control, consent strings; in force when this returns.',
  })
  async recordSignals(
    @Ctx() { tell, scope, disclose }: Doors,
    @Arg('signals', () => SignalsInput, { description: 'The signals.' }) signals: SignalsInput,
  ): Promise<{ accepted: boolean; profile: ProfileView | null }> {
    const { accepted } = await tell.signals(scope, signals)
    return { accepted, profile: await personNow(disclose, signals.profile ?? null) }
  }

  @Needs('segments:write')
  @Mutation(() => Segment, {
    description: 'Defines or redefines a segment; everybody is evaluated before this returns.',
  })
  async defineSegment(
    @Ctx() { govern, scope }: Doors,
    @Arg('segment', () => SegmentInput, { description: 'The segment.' }) segment: SegmentInput,
  ): Promise<SegmentNode> {
    return segmentNode(
      await govern.segments.define(scope, { ...segment, description: segment.description ?? '' }),
    )
  }

  @Needs('items:write')
  @Mutation(() => Item, {
    nullable: true,
    description: 'Adds an item to the catalogue, or changes it.',
  })
  async upsertItem(
    @Ctx() { govern, scope, disclose }: Doors,
    @Arg('item', () => ItemInput, { description: 'The item.' }) item: ItemInput,
  ): Promise<ItemView | null> {
    const { id } = await govern.items.upsert(scope, item)
    return await disclose.catalogue.item(id)
  }
}

async function decided(
  { tell, scope, disclose }: Doors,
  consent: ConsentInput,
): Promise<{ accepted: boolean; profile: ProfileView | null }> {
  const { accepted } = await tell.consent(scope, consent)
  return { accepted, profile: await personNow(disclose, consent.profile ?? null) }
}

/** As the change has left them. */
async function personNow(disclose: Disclose, profile: string | null): Promise<ProfileView | null> {
  const now = disclose.afresh()
  return profile === null ? await now.me() : await now.profile(profile)
}
