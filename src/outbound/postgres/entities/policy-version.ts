import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity('policy_version')
export class PolicyVersionRow {
  @PrimaryColumn('text')
  version!: string
  @Column('text')
  tables!: string
  @Column('timestamptz')
  since!: Date
}

/** Policies that held once. */
export const policyVersionEntities = [PolicyVersionRow]
