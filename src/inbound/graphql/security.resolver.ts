import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql'
import { AsLongAs, Needs } from './directives.ts'
import type { Doors } from './doors.ts'
import { DateTime } from './scalars.ts'
import { SecurityCount } from './security.type.ts'

const DEFAULT_COUNTS = 100

@Resolver()
export class SecurityResolver {
  @Needs('health:read')
  @AsLongAs('first', DEFAULT_COUNTS)
  @Query(() => [SecurityCount], {
    description:
      'What strangers tried and clients tried too often, by minute, newest first. For those who run the gateway and compliance.',
  })
  async securityCounts(
    @Ctx() { security, scope }: Doors,
    @Arg('from', () => DateTime, {
      nullable: true,
      description: 'From this instant on; absent: an hour before "to".',
    })
    from: number | null,
    @Arg('to', () => DateTime, {
      nullable: true,
      description: 'Before this instant; absent: now.',
    })
    to: number | null,
    @Arg('first', () => Int, { nullable: true, description: 'At most so many, up to 1,000.' })
    first: number | null,
  ): Promise<SecurityCount[]> {
    const period = { from: from ?? null, to: to ?? null }
    const counts = await security.counts(scope, period, first ?? DEFAULT_COUNTS)
    return counts.map(({ samples, ...count }) => ({
      ...count,
      samples: samples.map(({ clientId, ...sample }) => ({ ...sample, client: clientId })),
    }))
  }
}
