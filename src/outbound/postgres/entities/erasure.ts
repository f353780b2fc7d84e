import { Column, Entity, Index, PrimaryColumn } from 'typeorm'

@Index('erasure_state', ['state', 'stoppedAt'])
@Entity('erasure')
export class ErasureRow {
  @PrimaryColumn('uuid')
  id!: string
  @Column('text')
  state!: string
  @Column('uuid', { array: true })
  subjects!: string[]
  @Column('text', { array: true })
  refs!: string[]
  @Column('bytea', { name: 'look_ups', array: true })
  lookUps!: Buffer[]
  @Column('jsonb')
  removed!: unknown
  @Column('timestamptz', { name: 'begun_at' })
  begunAt!: Date
  @Column('timestamptz', { name: 'stopped_at', nullable: true })
  stoppedAt!: Date | null
  @Column('timestamptz', { name: 'refitted_at', nullable: true })
  refittedAt!: Date | null
  @Column('timestamptz', { name: 'rewritten_at', nullable: true })
  rewrittenAt!: Date | null
  @Column('text', { name: 'log_position', nullable: true })
  logPosition!: string | null
  @Column('timestamptz', { name: 'gone_at', nullable: true })
  goneAt!: Date | null
}

@Index('suppression_erasure', ['erasureId'])
@Entity('suppression')
export class SuppressionRow {
  @PrimaryColumn('bytea')
  hash!: Buffer
  @Column('uuid', { name: 'erasure_id' })
  erasureId!: string
  @Column('timestamptz')
  since!: Date
}

/** Who was erased, as far as that may be known: not at all. */
export const erasureEntities = [ErasureRow, SuppressionRow]
