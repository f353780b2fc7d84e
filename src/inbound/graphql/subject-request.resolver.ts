import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql'
import type { ProfileView } from '../../gateway/disclose/views.ts'
import type { SubjectRequestView } from '../../gateway/govern/request-desk.ts'
import { AsLongAs, Needs } from './directives.ts'
import type { Doors } from './doors.ts'
import { Profile } from './profile.type.ts'
import { SubjectRequest } from './subject-request.type.ts'

const DEFAULT_REQUESTS = 100
const WHOSE = {
  nullable: true,
  description:
    'Whose, for compliance: that person is sent a link first; absent: of the person acted for.',
}

const REGULATION = {
  nullable: true,
  description: 'Under which law, gdpr or ccpa; absent: gdpr, whose deadline is the shorter one.',
}

@Resolver(() => SubjectRequest)
export class SubjectRequestResolver {
  @Needs('rights:write')
  @AsLongAs('first', DEFAULT_REQUESTS)
  @Query(() => [SubjectRequest], {
    description: "The person's own requests; for compliance those of everybody. Newest first.",
  })
  async subjectRequests(
    @Ctx() { rights, scope }: Doors,
    @Arg('status', () => String, { nullable: true, description: 'Only those in this status.' })
    status: string | null,
    @Arg('overdue', () => Boolean, {
      nullable: true,
      description: 'Only open ones whose deadline has passed.',
    })
    overdue: boolean | null,
    @Arg('first', () => Int, { nullable: true, description: 'At most so many, up to 1,000.' })
    first: number | null,
  ): Promise<readonly SubjectRequestView[]> {
    const filter = { status: status ?? null, overdue: overdue ?? false }
    return await rights.requests.list(scope, filter, first ?? DEFAULT_REQUESTS)
  }

  @Needs('rights:write')
  @Query(() => SubjectRequest, { nullable: true, description: 'One request.' })
  async subjectRequest(
    @Ctx() { rights, scope }: Doors,
    @Arg('id', () => ID, { description: 'Its id.' }) id: string,
  ): Promise<SubjectRequestView | null> {
    return await rights.requests.find(scope, id)
  }

  @FieldResolver(() => Profile, {
    nullable: true,
    description:
      'Whose it is; null where it is nobody’s (any more), or the caller may not know of them.',
  })
  async profile(
    @Root() { person }: SubjectRequestView,
    @Ctx() { disclose }: Doors,
  ): Promise<ProfileView | null> {
    return person === null ? null : await disclose.profile(person)
  }

  @Needs('rights:write')
  @Mutation(() => SubjectRequest, {
    description: 'Everything that is known about the person (GDPR Article 15), as a package.',
  })
  async requestAccess(
    @Ctx() { rights, scope }: Doors,
    @Arg('profile', () => String, WHOSE) profile: string | null,
    @Arg('regulation', () => String, REGULATION) regulation: string | null,
  ): Promise<SubjectRequestView> {
    return await rights.requests.ask(scope, 'access', profile ?? null, regulation ?? null)
  }

  @Needs('rights:write')
  @Mutation(() => SubjectRequest, {
    description: 'What the person has provided, to take elsewhere (Article 20), as a package.',
  })
  async requestPortability(
    @Ctx() { rights, scope }: Doors,
    @Arg('profile', () => String, WHOSE) profile: string | null,
    @Arg('regulation', () => String, REGULATION) regulation: string | null,
  ): Promise<SubjectRequestView> {
    return await rights.requests.ask(scope, 'portability', profile ?? null, regulation ?? null)
  }

  @Needs('rights:write')
  @Mutation(() => SubjectRequest, {
    description: 'Cancels a request that the person has not confirmed yet.',
  })
  async cancelSubjectRequest(
    @Ctx() { rights, scope }: Doors,
    @Arg('id', () => ID, { description: 'Its id.' }) id: string,
  ): Promise<SubjectRequestView> {
    return await rights.requests.cancel(scope, id)
  }

  @Needs('rights:write')
  @Mutation(() => SubjectRequest, {
    description:
      'More time, once, for a reason: two months under the GDPR, 45 days under the CCPA; for compliance.',
  })
  async extendSubjectRequest(
    @Ctx() { rights, scope }: Doors,
    @Arg('id', () => ID, { description: 'Its id.' }) id: string,
    @Arg('reason', () => String, { description: 'Why, in one line; it names nobody.' })
    reason: string,
  ): Promise<SubjectRequestView> {
    return await rights.requests.extend(scope, id, reason)
  }
}
