import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity('security_count')
export class SecurityCountRow {
  @PrimaryColumn('timestamptz')
  minute!: Date
  @PrimaryColumn('text')
  event!: string
  @Column('bigint')
  count!: string
  @Column('jsonb')
  samples!: unknown
}

@Entity('daily_use')
export class DailyUse {
  @PrimaryColumn('text', { name: 'client_id' })
  clientId!: string
  @PrimaryColumn('text')
  what!: string
  @PrimaryColumn('text')
  day!: string
  @Column('integer')
  used!: number
}

/** What is counted instead of recorded. */
export const countedEntities = [SecurityCountRow, DailyUse]
