import { Column, Entity, Index, PrimaryColumn } from 'typeorm'

@Index('subject_request_client', ['clientId', 'clientRequestId'], { unique: true })
@Index('subject_request_due', ['status', 'dueAt'])
@Entity('subject_request')
export class SubjectRequestRow {
  @PrimaryColumn('uuid')
  id!: string
  @Column('integer')
  version!: number
  @Column('text', { name: 'client_id' })
  clientId!: string
  @Column('uuid', { name: 'client_request_id', nullable: true })
  clientRequestId!: string | null
  @Column('text')
  type!: string
  @Column('text')
  status!: string
  @Column('text')
  regulation!: string
  @Column('timestamptz', { name: 'submitted_at' })
  submittedAt!: Date
  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date
  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date
  @Column('timestamptz', { name: 'due_at' })
  dueAt!: Date
  @Column('text', { nullable: true })
  extension!: string | null
  @Column('timestamptz', { name: 'settled_at', nullable: true })
  settledAt!: Date | null
  @Column('bytea', { nullable: true })
  identities!: Buffer | null
  @Column('bytea', { nullable: true })
  callbacks!: Buffer | null
}

@Index('subject_request_person_subject', ['subjectId'])
@Entity('subject_request_person')
export class SubjectRequestPerson {
  @PrimaryColumn('uuid', { name: 'request_id' })
  requestId!: string
  @Column('uuid', { name: 'subject_id' })
  subjectId!: string
}

@Index('subject_request_link_request', ['requestId'])
@Entity('subject_request_link')
export class SubjectRequestLink {
  @PrimaryColumn('bytea')
  hash!: Buffer
  @Column('uuid', { name: 'request_id' })
  requestId!: string
  @Column('text')
  kind!: string
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date
  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null
}

@Index('subject_package_subject', ['subjectId'])
@Entity('subject_package')
export class SubjectPackage {
  @PrimaryColumn('uuid', { name: 'request_id' })
  requestId!: string
  @Column('uuid', { name: 'subject_id' })
  subjectId!: string
  @Column('bytea')
  sealed!: Buffer
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date
}

/** What people ask for about their own data, and what they are answered with. */
export const subjectRequestEntities = [
  SubjectRequestRow,
  SubjectRequestPerson,
  SubjectRequestLink,
  SubjectPackage,
]
