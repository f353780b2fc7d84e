import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm'

@Index('consent_record_home', ['homeId'])
@Index('consent_record_batch', ['batchId'])
@Entity('consent_record')
export class ConsentRecordRow {
  @PrimaryColumn('uuid')
  id!: string
  @Column('uuid', { name: 'home_id' })
  homeId!: string
  @Column('uuid', { name: 'batch_id', nullable: true })
  batchId!: string | null
  @Column('text')
  purpose!: string
  @Column('text', { array: true, nullable: true })
  categories!: string[] | null
  @Column('text', { nullable: true })
  recipient!: string | null
  @Column('text')
  state!: string
  @Column('text', { nullable: true })
  jurisdiction!: string | null
  @Column('timestamptz', { name: 'effective_at' })
  effectiveAt!: Date
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null
  @Column('timestamptz', { name: 'recorded_at' })
  recordedAt!: Date
  @Column('text')
  source!: string
  @Column('text', { nullable: true })
  method!: string | null
  @Column('text', { name: 'collection_point', nullable: true })
  collectionPoint!: string | null
  @Column('text', { name: 'notice_version', nullable: true })
  noticeVersion!: string | null
  @Column('text', { nullable: true })
  notice!: string | null
  @Column('text', { name: 'notice_hash', nullable: true })
  noticeHash!: string | null
  @Column('text', { nullable: true })
  language!: string | null
  @Column('text', { nullable: true })
  entity!: string | null
  @Column('jsonb', { nullable: true })
  evidence!: unknown
}

@Entity('notice_renewal')
export class NoticeRenewal {
  @PrimaryColumn('text')
  notice!: string
  @PrimaryColumn('text')
  version!: string
  @Column('timestamptz', { name: 'due_at' })
  dueAt!: Date
}

@Unique('consent_state_state_key', ['state'])
@Entity('consent_state')
export class ConsentState {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'ALWAYS' })
  id!: number
  @Column('text')
  state!: string
}

@Index('read_model_visible', ['consentId', 'kind', 'subjectId'])
@Index('read_model_consent_until', ['consentUntil'])
@Index('read_model_memberships_until', ['membershipsUntil'])
@Index('read_model_segments', ['segmentKeys'], { type: 'gin' })
@Entity('read_model')
export class ReadModelRow {
  @PrimaryColumn('uuid', { name: 'subject_id' })
  subjectId!: string
  @Column('text')
  kind!: string
  @Column('integer', { name: 'consent_id' })
  consentId!: number
  @Column('timestamptz', { name: 'consent_until', nullable: true })
  consentUntil!: Date | null
  @Column('jsonb', { name: 'consent_later' })
  consentLater!: unknown
  @Column('jsonb', { name: 'consent_records' })
  consentRecords!: unknown
  @Column('text', { name: 'segment_keys', array: true })
  segmentKeys!: string[]
  @Column('jsonb')
  memberships!: unknown
  @Column('timestamptz', { name: 'memberships_until', nullable: true })
  membershipsUntil!: Date | null
  @Column('jsonb')
  demographics!: unknown
  @Column('jsonb')
  location!: unknown
  @Column('jsonb')
  account!: unknown
  @Column('jsonb')
  activity!: unknown
  @Column('jsonb')
  device!: unknown
  @Column('jsonb')
  commerce!: unknown
  @Column('jsonb')
  custom!: unknown
  @Column('jsonb')
  interactions!: unknown
  @Column('jsonb')
  recommended!: unknown
  @Column('jsonb')
  lineage!: unknown
  @Column('bytea', { name: 'sealed_name', nullable: true })
  sealedName!: Buffer | null
  @Column('bytea', { name: 'sealed_email', nullable: true })
  sealedEmail!: Buffer | null
  @Column('bytea', { name: 'sealed_phone', nullable: true })
  sealedPhone!: Buffer | null
  @Column('bytea', { name: 'sealed_address', nullable: true })
  sealedAddress!: Buffer | null
  @Column('bytea', { name: 'sealed_birth_date', nullable: true })
  sealedBirthDate!: Buffer | null
  @Column('bytea', { name: 'sealed_external', nullable: true })
  sealedExternal!: Buffer | null
  @Column('bytea', { name: 'sealed_identity', nullable: true })
  sealedIdentity!: Buffer | null
  @Column('jsonb', { name: 'sealed_more' })
  sealedMore!: unknown
  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date
}

/** Consent history and the read model. The view `features` is a projection of it and has no class. */
export const readModelEntities = [ConsentRecordRow, NoticeRenewal, ConsentState, ReadModelRow]
