import { Column, Entity, Index, PrimaryColumn } from 'typeorm'

@Entity('audit_head')
export class AuditHead {
  @PrimaryColumn('boolean', { name: 'only_row', default: true })
  onlyRow!: boolean
  @Column('bigint')
  size!: string
}

@Entity('audit_entry')
export class AuditEntryRow {
  @PrimaryColumn('bigint', { name: 'log_index' })
  logIndex!: string
  @Column('uuid', { name: 'entry_id' })
  entryId!: string
  @Column('bytea')
  leaf!: Buffer
  @Column('bytea', { name: 'leaf_hash' })
  leafHash!: Buffer
}

@Index('audit_index_client', ['clientId', 'logIndex'])
@Index('audit_index_audience', ['audience', 'logIndex'])
@Index('audit_index_request', ['requestId'])
@Index('audit_index_time', ['time', 'logIndex'])
@Entity('audit_index')
export class AuditIndexRow {
  @PrimaryColumn('bigint', { name: 'log_index' })
  logIndex!: string
  @Column('timestamptz')
  time!: Date
  @Column('text', { name: 'request_id' })
  requestId!: string
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
}

@Entity('audit_subject')
export class AuditSubjectRow {
  @PrimaryColumn('text')
  ref!: string
  @PrimaryColumn('bigint', { name: 'log_index' })
  logIndex!: string
}

@Entity('audit_member_list')
export class AuditMemberList {
  @PrimaryColumn('uuid', { name: 'entry_id' })
  entryId!: string
  @Column('bytea')
  sha256!: Buffer
  @Column('text')
  refs!: string
}

/** The trail and what is derived from it. */
export const auditEntities = [
  AuditHead,
  AuditEntryRow,
  AuditIndexRow,
  AuditSubjectRow,
  AuditMemberList,
]
