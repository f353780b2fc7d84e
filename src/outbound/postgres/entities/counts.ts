import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity('privacy_budget')
export class PrivacyBudgetRow {
  @PrimaryColumn('text')
  audience!: string
  @PrimaryColumn('text')
  population!: string
  @PrimaryColumn('text')
  mechanism!: string
  @PrimaryColumn('text', { name: 'window_key' })
  window!: string
  @Column('bigint')
  spent!: string
}

@Entity('noised_count')
export class NoisedCountRow {
  @PrimaryColumn('text')
  audience!: string
  @PrimaryColumn('text')
  population!: string
  @PrimaryColumn('bytea')
  digest!: Buffer
  @PrimaryColumn('text')
  day!: string
  @Column('bigint')
  value!: string
  @Column('bigint', { name: 'budget_left' })
  budgetLeft!: string
  @Column('timestamptz', { name: 'as_of' })
  asOf!: Date
}

@Entity('counted_set')
export class CountedSetRow {
  @PrimaryColumn('text', { name: 'client_id' })
  clientId!: string
  @PrimaryColumn('text')
  day!: string
  @PrimaryColumn('bytea')
  digest!: Buffer
  @Column('jsonb')
  rule!: unknown
  @Column('integer', { name: 'consent_ids', array: true })
  consentIds!: number[]
  @Column('bigint')
  count!: string
  @Column('timestamptz', { name: 'as_of' })
  asOf!: Date
}

/** What was counted of people, and what it has cost. */
export const countsEntities = [PrivacyBudgetRow, NoisedCountRow, CountedSetRow]
