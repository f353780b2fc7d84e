import { Column, Entity, Index, PrimaryColumn } from 'typeorm'

@Entity('delivery_endpoint')
export class DeliveryEndpoint {
  @PrimaryColumn('text', { name: 'client_id' })
  clientId!: string
  @Column('text')
  url!: string
  @Column('text', { array: true })
  kinds!: string[]
  @Column('bytea')
  secret!: Buffer
  @Column('bytea', { name: 'previous_secret', nullable: true })
  previousSecret!: Buffer | null
  @Column('timestamptz', { name: 'previous_until', nullable: true })
  previousUntil!: Date | null
  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date
  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt!: Date | null
}

@Index('delivery_due', ['state', 'nextAt'])
@Index('delivery_subject', ['subjectId'])
@Entity('delivery')
export class DeliveryRow {
  @PrimaryColumn('uuid')
  id!: string
  @PrimaryColumn('text', { name: 'client_id' })
  clientId!: string
  @Column('text')
  kind!: string
  @Column('text', { nullable: true })
  audience!: string | null
  @Column('boolean', { name: 'is_callback' })
  isCallback!: boolean
  @Column('uuid', { name: 'subject_id', nullable: true })
  subjectId!: string | null
  @Column('jsonb', { nullable: true })
  needs!: unknown
  @Column('jsonb')
  fields!: unknown
  @Column('bytea', { nullable: true })
  sealed!: Buffer | null
  @Column('text')
  state!: string
  @Column('text', { nullable: true })
  reason!: string | null
  @Column('integer')
  attempts!: number
  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date
  @Column('timestamptz', { name: 'next_at' })
  nextAt!: Date
  @Column('timestamptz', { name: 'settled_at', nullable: true })
  settledAt!: Date | null
}

/** What is to be told outside, and where to. */
export const deliveryEntities = [DeliveryEndpoint, DeliveryRow]
