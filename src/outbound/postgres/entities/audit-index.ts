import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm'

@Unique('audit_kind_digest_key', ['digest'])
@Entity('audit_kind')
export class AuditKindRow {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'ALWAYS' })
  id!: number
  @Column('bytea')
  digest!: Buffer
  @Column('text', { name: 'client_id' })
  clientId!: string
  @Column('text')
  audience!: string
  @Column('text', { nullable: true })
  purpose!: string | null
  @Column('text')
  outcome!: string
  @Column('text')
  phase!: string
  @Column('text', { array: true })
  fields!: string[]
  @Column('text', { nullable: true })
  action!: string | null
}

@Index('audit_index_kind', ['kind', 'logIndex'])
@Index('audit_index_request', ['requestId'])
@Entity('audit_index')
export class AuditIndexRow {
  @PrimaryColumn('bigint', { name: 'log_index' })
  logIndex!: string
  @Column('integer')
  kind!: number
  @Column('timestamptz')
  time!: Date
  @Column('text', { name: 'request_id' })
  requestId!: string
}

@Entity('audit_span')
export class AuditSpanRow {
  @PrimaryColumn('bigint', { name: 'first_index' })
  firstIndex!: string
  @Column('bigint', { name: 'last_index' })
  lastIndex!: string
  @Column('timestamptz')
  earliest!: Date
  @Column('timestamptz')
  latest!: Date
}

@Entity('audit_subject')
export class AuditSubjectRow {
  @PrimaryColumn('text')
  ref!: string
  @PrimaryColumn('bigint', { name: 'log_index' })
  logIndex!: string
  @PrimaryColumn('integer')
  kind!: number
}

@Entity('audit_argument')
export class AuditArgumentRow {
  @PrimaryColumn('bytea')
  hmac!: Buffer
  @PrimaryColumn('bigint', { name: 'log_index' })
  logIndex!: string
}

@Index('audit_listed_day', ['day', 'logIndex'])
@Entity('audit_listed')
export class AuditListedRow {
  @PrimaryColumn('bigint', { name: 'log_index' })
  logIndex!: string
  @Column('uuid', { name: 'entry_id' })
  entryId!: string
  @Column('date')
  day!: string
}

@Entity('audit_daily')
export class AuditDailyRow {
  @PrimaryColumn('date')
  day!: string
  @PrimaryColumn('integer')
  kind!: number
  @Column('bigint')
  entries!: string
  @Column('bigint')
  disclosures!: string
  @Column('bigint')
  listed!: string
  @Column('bytea')
  people!: Buffer
}

/** What is derived from the trail. */
export const auditIndexEntities = [
  AuditKindRow,
  AuditIndexRow,
  AuditSpanRow,
  AuditSubjectRow,
  AuditArgumentRow,
  AuditListedRow,
  AuditDailyRow,
]
