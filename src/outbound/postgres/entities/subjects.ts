import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm'

@Index('subject_root', ['rootId'])
@Entity('subject')
export class Subject {
  @PrimaryColumn('uuid')
  id!: string
  @Column('uuid', { name: 'root_id' })
  rootId!: string
  @Column('text')
  kind!: string
  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date
}

@Index('subject_merge_batch', ['batchId'])
@Index('subject_merge_survivor', ['survivorId', 'retiredId', 'batchId'], { unique: true })
@Index('subject_merge_retired', ['retiredId'])
@Entity('subject_merge')
export class SubjectMerge {
  @PrimaryColumn('uuid')
  id!: string
  @Column('uuid', { name: 'survivor_id' })
  survivorId!: string
  @Column('uuid', { name: 'retired_id' })
  retiredId!: string
  @Column('text', { name: 'identifier_kind' })
  identifierKind!: string
  @Column('text')
  source!: string
  @Column('text', { name: 'record_key' })
  recordKey!: string
  @Column('uuid', { name: 'batch_id' })
  batchId!: string
  @Column('timestamptz', { name: 'merged_at' })
  mergedAt!: Date
  @Column('timestamptz', { name: 'undone_at', nullable: true })
  undoneAt!: Date | null
}

@Index('identifier_home', ['homeId'])
@Entity('identifier')
export class IdentifierRow {
  @PrimaryColumn('text')
  kind!: string
  @PrimaryColumn('bytea', { name: 'blind_index' })
  blindIndex!: Buffer
  @Column('uuid', { name: 'home_id' })
  homeId!: string
  @Column('boolean')
  verified!: boolean
  @Column('timestamptz', { name: 'first_seen_at' })
  firstSeenAt!: Date
}

@Index('identifier_claim_batch', ['batchId'])
@Entity('identifier_claim')
export class IdentifierClaim {
  @PrimaryColumn('text')
  kind!: string
  @PrimaryColumn('bytea', { name: 'blind_index' })
  blindIndex!: Buffer
  @PrimaryColumn('text')
  source!: string
  @PrimaryColumn('text', { name: 'record_key' })
  recordKey!: string
  @PrimaryColumn('uuid', { name: 'batch_id' })
  batchId!: string
  @Column('boolean')
  verified!: boolean
}

@Index('change_at', ['changedAt'])
@Entity('change')
export class ChangeRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  sequence!: string
  @Column('text')
  kind!: string
  @Column('uuid', { name: 'subject_id' })
  subjectId!: string
  @Column('text', { nullable: true })
  key!: string | null
  @Column('timestamptz', { name: 'changed_at', default: () => 'clock_timestamp()' })
  changedAt!: Date
}

/** People and visitors, what identifies them, and what changed about them. */
export const subjectsEntities = [Subject, SubjectMerge, IdentifierRow, IdentifierClaim, ChangeRow]
