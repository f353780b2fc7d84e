import { Arg, Args, Ctx, ID, Query, Resolver } from 'type-graphql'
import type {
  ConsentChoiceView,
  ConsentRecordView,
  NoticeView,
} from '../../gateway/disclose/views.ts'
import { type Connection, connectionOf } from './connection.ts'
import { ConsentChoice, ConsentRecordConnection, PrivacyNotice } from './consent.type.ts'
import { AtMost, Needs, Paged, Personal } from './directives.ts'
import type { Doors } from './doors.ts'
import { PageArgs, pageOf } from './page.args.ts'
import { Json } from './scalars.ts'

const WHOSE = "Pseudonym of the caller's audience; absent: the person acted for."

@Resolver()
export class ConsentResolver {
  @AtMost(100)
  @Query(() => [PrivacyNotice], {
    description: 'What people are shown before they decide, in the versions of today.',
  })
  notices(
    @Ctx() { disclose }: Doors,
    @Arg('language', () => String, { nullable: true, description: 'Only in this language.' })
    language: string | null,
  ): readonly NoticeView[] {
    return disclose.notices(language ?? null)
  }

  @Personal('Query.consents')
  @Needs('profile:read')
  @AtMost(50)
  @Query(() => [ConsentChoice], {
    nullable: true,
    description: 'Every purpose that rests on consent, as it stands for a person now.',
  })
  async consents(
    @Ctx() { disclose }: Doors,
    @Arg('profile', () => ID, { nullable: true, description: WHOSE }) profile: string | null,
  ): Promise<readonly ConsentChoiceView[] | null> {
    return await disclose.consentsOf(profile ?? null)
  }

  @Personal('Query.consentHistory')
  @Needs('profile:read')
  @Paged(20)
  @Query(() => ConsentRecordConnection, {
    nullable: true,
    description: 'All that was ever recorded of consents, last first, at most 100 a page.',
  })
  async consentHistory(
    @Ctx() { disclose }: Doors,
    @Arg('profile', () => ID, { nullable: true, description: WHOSE }) profile: string | null,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Connection<ConsentRecordView> | null> {
    const records = await disclose.consentHistoryOf(profile ?? null, pageOf(page))
    return records && connectionOf(records, (record) => record)
  }

  @Personal('Query.consentReceipt')
  @Needs('profile:read')
  @Query(() => Json, {
    nullable: true,
    description:
      'The receipt of a record (ISO/IEC TS 27560) as JSON-LD in terms of the Data Privacy Vocabulary.',
  })
  async consentReceipt(
    @Ctx() { disclose }: Doors,
    @Arg('id', () => ID, { description: 'Id of the record, from its history.' }) id: string,
    @Arg('profile', () => ID, { nullable: true, description: WHOSE }) profile: string | null,
  ): Promise<Readonly<Record<string, unknown>> | null> {
    return await disclose.consentReceiptOf(profile ?? null, id)
  }
}
