import { Field, ID, ObjectType, registerEnumType } from 'type-graphql'
import { decisionStates } from '../../gateway/ingest/consent-inputs.ts'
import { PageInfo } from './node.type.ts'
import { DateTime } from './scalars.ts'

/** GraphQL's names are the states' own. */
export const ConsentDecisionState = Object.fromEntries(
  decisionStates.map((state) => [state, state]),
) as { readonly [S in (typeof decisionStates)[number]]: S }
registerEnumType(ConsentDecisionState, {
  name: 'ConsentDecisionState',
  description: 'What a person did about a purpose: states of DPV 2.3, a notice, an objection.',
  valuesConfig: {
    ConsentGiven: { description: 'Agreed.' },
    RenewedConsentGiven: { description: 'Agreed again.' },
    ConsentRequested: { description: 'Was asked.' },
    ConsentRequestDeferred: { description: 'Was asked, and put it off.' },
    ConsentRefused: { description: 'Refused.' },
    ConsentWithdrawn: { description: 'Took it back.' },
    NoticeGiven: {
      description: 'Was shown the notice, which is enough where only that is needed.',
    },
    Objected: { description: 'Objects to the purpose, whatever it rests on.' },
    ObjectionLifted: { description: 'No longer objects.' },
  },
})

@ObjectType({
  description: 'A purpose that rests on consent, as it stands for a person now.',
  simpleResolvers: true,
})
export class ConsentChoice {
  @Field(() => String, { description: 'The purpose.' })
  purpose!: string

  @Field(() => String, { description: 'What for, in words.' })
  inWords!: string

  @Field(() => String, {
    nullable: true,
    description: 'The recipient named.',
  })
  recipient!: string | null

  @Field(() => String, { description: 'State of what was decided, as in DPV 2.3.' })
  state!: string

  @Field(() => Boolean, {
    description: 'Whether it is pursued now, by decision or by the rules of the country.',
  })
  isOpen!: boolean

  @Field(() => String, {
    nullable: true,
    description: 'The signal that closes it, whatever was decided: gpc, tcf:5.',
  })
  closedBySignal!: string | null

  @Field(() => DateTime, {
    nullable: true,
    description: 'Until when, if that was said or a new notice says so.',
  })
  expiresAt!: number | null
}

@ObjectType({ description: 'One line of the history of consents.', simpleResolvers: true })
export class ConsentRecord {
  @Field(() => ID, { description: 'Its id, for this caller.' })
  id!: string

  @Field(() => String, { description: 'The purpose; signal:gpc and the like for signals.' })
  purpose!: string

  @Field(() => String, {
    nullable: true,
    description: 'The recipient named.',
  })
  recipient!: string | null

  @Field(() => String, { description: 'What was decided.' })
  state!: string

  @Field(() => [String], {
    nullable: true,
    description: 'Data categories it is limited to; null: all of the purpose.',
  })
  categories!: string[] | null

  @Field(() => String, {
    nullable: true,
    description: 'The notice that was shown.',
  })
  notice!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Its version.',
  })
  noticeVersion!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'The language it was shown in.',
  })
  language!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'How it was decided.',
  })
  method!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Where it was decided.',
  })
  collectionPoint!: string | null

  @Field(() => String, {
    nullable: true,
    description: 'Country that was declared.',
  })
  jurisdiction!: string | null

  @Field(() => String, { description: 'Whose word it is: record, gpc, tcf, gpp, segment.' })
  source!: string

  @Field(() => String, {
    nullable: true,
    description: 'Who told us.',
  })
  entity!: string | null

  @Field(() => DateTime, { description: 'Since when.' })
  effectiveAt!: number

  @Field(() => DateTime, {
    nullable: true,
    description: 'Until when.',
  })
  expiresAt!: number | null

  @Field(() => DateTime, { description: 'When we were told.' })
  recordedAt!: number

  @Field(() => Boolean, { description: 'Whether this line is what decides now.' })
  decides!: boolean
}

@ObjectType({ description: 'A record and its place.', simpleResolvers: true })
export class ConsentRecordEdge {
  @Field(() => ConsentRecord, { description: 'The record.' })
  node!: ConsentRecord

  @Field(() => String, { description: 'Sealed position.' })
  cursor!: string
}

@ObjectType({ description: 'Records, the last recorded first.', simpleResolvers: true })
export class ConsentRecordConnection {
  @Field(() => [ConsentRecordEdge], { description: 'The records of this page.' })
  edges!: ConsentRecordEdge[]

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo
}

@ObjectType({
  description: 'What people are shown before they decide, in one language.',
  simpleResolvers: true,
})
export class PrivacyNotice {
  @Field(() => String, { description: 'Key of the notice.' })
  notice!: string

  @Field(() => String, { description: 'Version.' })
  version!: string

  @Field(() => String, { description: 'Language (BCP 47).' })
  language!: string

  @Field(() => [String], { description: 'Purposes that it speaks of.' })
  purposes!: string[]

  @Field(() => [String], { description: 'Jurisdictions that it is written for; empty: all.' })
  jurisdictions!: string[]

  @Field(() => DateTime, { description: 'Since when it is shown.' })
  validFrom!: number

  @Field(() => Boolean, {
    description: 'Whether decisions under older versions must be taken again.',
  })
  requiresRenewal!: boolean

  @Field(() => String, { description: 'SHA-256 of the text, hex.' })
  hash!: string

  @Field(() => String, { description: 'The words.' })
  text!: string
}
