import { Field, Int, ObjectType } from 'type-graphql'
import { PageInfo } from './node.type.ts'
import { DateTime, Json } from './scalars.ts'

@ObjectType({ description: 'One entry of the trail.', simpleResolvers: true })
export class AuditTrailEntry {
  @Field(() => Int, { description: 'Number in the log, from 0 without gaps.' })
  index!: number

  @Field(() => String, { description: 'Id of the entry.' })
  entryId!: string

  @Field(() => DateTime, { description: 'When.' })
  time!: number

  @Field(() => String, { description: 'Request that it answers for: the receipt of the response.' })
  requestId!: string

  @Field(() => String, { description: 'decision, export or admin.' })
  phase!: string

  @Field(() => String, { description: 'permit, deny or error.' })
  outcome!: string

  @Field(() => String, { nullable: true, description: 'Code of the refusal.' })
  code!: string | null

  @Field(() => String, { description: 'Client that asked.' })
  actor!: string

  @Field(() => [String], { description: 'Its effective roles.' })
  roles!: string[]

  @Field(() => String, { description: 'Audience that received it.' })
  audience!: string

  @Field(() => String, { nullable: true, description: 'Purpose.' })
  purpose!: string | null

  @Field(() => String, { nullable: true, description: 'Legal basis of the purpose.' })
  legalBasis!: string | null

  @Field(() => String, { nullable: true, description: 'Name of the operation.' })
  operationName!: string | null

  @Field(() => String, { nullable: true, description: 'Hash of the document.' })
  documentId!: string | null

  @Field(() => String, { description: 'Version of the policy that decided.' })
  policyVersion!: string

  @Field(() => Json, { description: 'Distinct lists of fields and their treatments.' })
  sets!: unknown

  @Field(() => Json, { description: 'People concerned: keyed reference, set, consent.' })
  subjects!: unknown

  @Field(() => Json, {
    description: 'Arguments by place: each value as a keyed hash, see `auditHash`.',
  })
  arguments!: unknown

  @Field(() => Json, { nullable: true, description: 'For changes and fits: what was done.' })
  action!: unknown

  @Field(() => String, { description: 'RFC 6962 leaf hash of the exact line, hex.' })
  leafHash!: string
}

@ObjectType({ description: 'An entry and its place.', simpleResolvers: true })
export class AuditEntryEdge {
  @Field(() => AuditTrailEntry, { description: 'The entry.' })
  node!: AuditTrailEntry

  @Field(() => String, { description: 'Sealed position.' })
  cursor!: string
}

@ObjectType({ description: 'Entries, newest first.', simpleResolvers: true })
export class AuditEntryConnection {
  @Field(() => [AuditEntryEdge], { description: 'The entries of this page.' })
  edges!: AuditEntryEdge[]

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo
}
