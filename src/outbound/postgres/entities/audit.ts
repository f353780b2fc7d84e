import { Column, Entity, PrimaryColumn } from 'typeorm'

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

@Entity('audit_member_list')
export class AuditMemberList {
  @PrimaryColumn('uuid', { name: 'entry_id' })
  entryId!: string
  @Column('bytea')
  sha256!: Buffer
  @Column('text')
  refs!: string
}

/** The trail. */
export const auditEntities = [AuditHead, AuditEntryRow, AuditMemberList]
