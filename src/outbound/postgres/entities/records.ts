import { Column, Entity, Index, PrimaryColumn } from 'typeorm'

@Index('batch_fingerprint', ['fingerprint'])
@Entity('batch')
export class Batch {
  @PrimaryColumn('uuid')
  id!: string
  @Column('text')
  source!: string
  @Column('text')
  kind!: string
  @Column('text')
  fingerprint!: string
  @Column('text')
  state!: string
  @Column('bigint', { default: 0 })
  position!: string
  @Column('bigint', { default: 0 })
  received!: string
  @Column('bigint', { default: 0 })
  accepted!: string
  @Column('bigint', { default: 0 })
  quarantined!: string
  @Column('bigint', { default: 0 })
  duplicates!: string
  @Column('bigint', { default: 0 })
  suppressed!: string
  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date
  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null
}

@Index('record_home', ['homeId'])
@Index('record_batch', ['batchId'])
@Entity('record')
export class SourceRecord {
  @PrimaryColumn('text')
  source!: string
  @PrimaryColumn('text', { name: 'record_key' })
  recordKey!: string
  @PrimaryColumn('uuid', { name: 'batch_id' })
  batchId!: string
  @Column('uuid', { name: 'home_id' })
  homeId!: string
  @Column('timestamptz', { name: 'observed_at' })
  observedAt!: Date
  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date
  @Column('bytea', { name: 'content_hash' })
  contentHash!: Buffer
  @Column('jsonb')
  traits!: unknown
  @Column('jsonb')
  sealed!: unknown
}

@Index('event_home', ['homeId', 'occurredAt'])
@Index('event_name', ['name', 'homeId', 'occurredAt'])
@Index('event_batch', ['batchId'])
@Entity('event')
export class EventRow {
  @PrimaryColumn('text')
  source!: string
  @PrimaryColumn('text', { name: 'message_id' })
  messageId!: string
  @Column('uuid', { name: 'home_id' })
  homeId!: string
  @Column('uuid', { name: 'batch_id' })
  batchId!: string
  @Column('text')
  name!: string
  @Column('timestamptz', { name: 'occurred_at' })
  occurredAt!: Date
  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date
  @Column('text', { name: 'item_id', nullable: true })
  itemId!: string | null
  @Column('text', { name: 'order_id', nullable: true })
  orderId!: string | null
  @Column('double precision', { default: 0 })
  value!: number
  @Column('jsonb')
  properties!: unknown
}

@Entity('tally')
export class TallyRow {
  @PrimaryColumn('uuid', { name: 'home_id' })
  homeId!: string
  @Column('jsonb')
  tally!: unknown
}

@Index('quarantine_batch', ['batchId'])
@Index('quarantine_about', ['about'], { type: 'gin' })
@Entity('quarantine')
export class QuarantinedRow {
  @PrimaryColumn('uuid')
  id!: string
  @Column('text')
  source!: string
  @Column('uuid', { name: 'batch_id' })
  batchId!: string
  @Column('text')
  kind!: string
  @Column('bigint', { name: 'row_number' })
  rowNumber!: string
  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date
  @Column('jsonb')
  reasons!: unknown
  @Column('bytea')
  payload!: Buffer
  @Column('bytea', { array: true, nullable: true })
  about!: Buffer[] | null
}

/** What sources said, batch by batch. */
export const recordsEntities = [Batch, SourceRecord, EventRow, TallyRow, QuarantinedRow]
