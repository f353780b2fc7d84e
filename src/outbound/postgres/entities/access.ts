import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm'

@Entity('client')
export class ClientRow {
  @PrimaryColumn('text')
  id!: string
  @Column('text')
  name!: string
  @Column('text', { array: true })
  roles!: string[]
  @Column('text')
  audience!: string
  @Column('text', { array: true })
  scopes!: string[]
  @Column('text', { array: true })
  purposes!: string[]
  @Column('text', { name: 'default_purpose', nullable: true })
  defaultPurpose!: string | null
  @Column('text', { array: true, nullable: true })
  categories!: string[] | null
  @Column('text', { array: true, nullable: true })
  segments!: string[] | null
  @Column('text', { name: 'write_key', nullable: true })
  writeKey!: string | null
  @Column('integer', { name: 'lookups_per_day', nullable: true })
  lookupsPerDay!: number | null
  @Column('integer', { name: 'requests_per_minute', nullable: true })
  requestsPerMinute!: number | null
  @Column('integer', { name: 'cost_per_minute', nullable: true })
  costPerMinute!: number | null
  @Column('text', { array: true })
  origins!: string[]
  @Column('boolean')
  adhoc!: boolean
  @Column('text', { name: 'secret_hash', nullable: true })
  secretHash!: string | null
  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date
  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt!: Date | null
}

@Unique('access_token_hash_key', ['hash'])
@Index('access_token_client', ['clientId'])
@Entity('access_token')
export class AccessToken {
  @PrimaryColumn('text')
  id!: string
  @Column('bytea')
  hash!: Buffer
  @Column('text', { name: 'client_id' })
  clientId!: string
  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null
  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null
}

@Entity('revoked_token')
export class RevokedToken {
  @PrimaryColumn('text')
  id!: string
  @Column('timestamptz', { name: 'revoked_at' })
  revokedAt!: Date
}

@Entity('lookup_budget')
export class LookupBudget {
  @PrimaryColumn('text', { name: 'client_id' })
  clientId!: string
  @PrimaryColumn('text')
  day!: string
  @Column('integer')
  used!: number
}

/** Callers, their tokens and their daily budgets. */
export const accessEntities = [ClientRow, AccessToken, RevokedToken, LookupBudget]
