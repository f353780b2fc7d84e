import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql'
import type { ProfileView } from '../../gateway/disclose/views.ts'
import type { ErasureCertificate } from '../../gateway/govern/erasure-certificates.ts'
import type { ProcessingDemand } from '../../gateway/ingest/processing.ts'
import { ConsentChange } from './change.type.ts'
import { Needs } from './directives.ts'
import type { Doors } from './doors.ts'
import { IdentifierInput } from './inputs.type.ts'
import { Erasure } from './rights.type.ts'
import { Json } from './scalars.ts'

const WHOSE = { nullable: true, description: 'Whose, for staff; absent: of the person acted for.' }

type Demanded = { accepted: boolean; profile: ProfileView | null }

@Resolver()
export class RightsResolver {
  @Needs('rights:write')
  @Mutation(() => Erasure, {
    description:
      'Erases a person, for good: no read that starts after this returns finds anything of them, and no source brings them back.',
  })
  async eraseProfile(
    @Ctx() { rights, scope }: Doors,
    @Arg('profile', () => String, WHOSE) profile: string | null,
  ): Promise<{ id: string; begunAt: number; stoppedAt: number | null }> {
    const { id, begunAt, stoppedAt } = await rights.erasure.eraseNamed(scope, profile ?? null)
    return { id, begunAt, stoppedAt }
  }

  @Needs('rights:write')
  @Query(() => Json, {
    description:
      'How far an erasure has come, for staff: each store with the time from which nothing was used and the time from which its bytes are gone, and the entries of the trail that prove it. It names nobody.',
  })
  async erasureCertificate(
    @Ctx() { rights, scope }: Doors,
    @Arg('id', () => ID, { description: 'Of the erasure.' }) id: string,
  ): Promise<ErasureCertificate> {
    return await rights.certificates.askedFor(scope, id)
  }

  @Needs('rights:write')
  @Mutation(() => Int, {
    description:
      'Lets somebody who was erased come back by their own will, for staff: sources may bring them again. How many identifiers are free again, of all that were erased with these.',
  })
  async liftSuppression(
    @Ctx() { rights, scope }: Doors,
    @Arg('identifiers', () => [IdentifierInput], { description: 'Some of theirs.' })
    identifiers: IdentifierInput[],
  ): Promise<number> {
    return await rights.erasure.liftSuppression(scope, identifiers)
  }

  @Needs('rights:write')
  @Mutation(() => ConsentChange, {
    description:
      'Puts a value right: it beats every source until it is lifted. People rectify their name, contacts, demographics and location; staff any trait.',
  })
  async rectify(
    @Ctx() doors: Doors,
    @Arg('trait', () => String, { description: 'Key of a registered trait.' }) trait: string,
    @Arg('value', () => Json, { description: 'The right value.' }) value: unknown,
    @Arg('profile', () => String, WHOSE) profile: string | null,
  ): Promise<Demanded> {
    await doors.rights.rectification.rectify(doors.scope, trait, value, profile ?? null)
    return await afterwards(doors, profile)
  }

  @Needs('rights:write')
  @Mutation(() => ConsentChange, {
    description: 'Lifts a rectification: what sources say counts again.',
  })
  async liftRectification(
    @Ctx() doors: Doors,
    @Arg('trait', () => String, { description: 'Key of a registered trait.' }) trait: string,
    @Arg('profile', () => String, WHOSE) profile: string | null,
  ): Promise<Demanded> {
    await doors.rights.rectification.lift(doors.scope, trait, profile ?? null)
    return await afterwards(doors, profile)
  }

  @Needs('rights:write')
  @Mutation(() => ConsentChange, {
    description: 'Restricts all processing: data are kept and not used, until it is lifted.',
  })
  async restrictProcessing(
    @Ctx() doors: Doors,
    @Arg('profile', () => String, WHOSE) profile: string | null,
  ): Promise<Demanded> {
    return await demanded(doors, 'restrict', null, profile)
  }

  @Needs('rights:write')
  @Mutation(() => ConsentChange, { description: 'Lifts a restriction of processing.' })
  async liftRestriction(
    @Ctx() doors: Doors,
    @Arg('profile', () => String, WHOSE) profile: string | null,
  ): Promise<Demanded> {
    return await demanded(doors, 'liftRestriction', null, profile)
  }

  @Needs('rights:write')
  @Mutation(() => ConsentChange, {
    description: 'Objects to a purpose: it beats every basis but a legal obligation.',
  })
  async object(
    @Ctx() doors: Doors,
    @Arg('purpose', () => String, { description: 'The purpose.' }) purpose: string,
    @Arg('profile', () => String, WHOSE) profile: string | null,
  ): Promise<Demanded> {
    return await demanded(doors, 'object', purpose, profile)
  }

  @Needs('rights:write')
  @Mutation(() => ConsentChange, { description: 'Takes an objection back.' })
  async liftObjection(
    @Ctx() doors: Doors,
    @Arg('purpose', () => String, { description: 'The purpose.' }) purpose: string,
    @Arg('profile', () => String, WHOSE) profile: string | null,
  ): Promise<Demanded> {
    return await demanded(doors, 'liftObjection', purpose, profile)
  }
}

async function demanded(
  doors: Doors,
  demand: ProcessingDemand,
  purpose: string | null,
  profile: string | null,
): Promise<Demanded> {
  const about = { purpose, profile: profile ?? null }
  await doors.rights.processing.demand(doors.scope, demand, about)
  return await afterwards(doors, profile)
}

async function afterwards({ disclose }: Doors, profile: string | null): Promise<Demanded> {
  const now = disclose.afresh()
  return { accepted: true, profile: profile == null ? await now.me() : await now.profile(profile) }
}
