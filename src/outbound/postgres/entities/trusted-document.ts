import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity('trusted_document')
export class TrustedDocumentRow {
  @PrimaryColumn('text', { name: 'client_id' })
  clientId!: string
  @PrimaryColumn('text')
  hash!: string
  @Column('text')
  document!: string
  @Column('text', { array: true })
  operations!: string[]
  @Column('text', { nullable: true })
  purpose!: string | null
  @Column('timestamptz', { name: 'registered_at' })
  registeredAt!: Date
}

/** Documents that clients may send by their hash. */
export const trustedDocumentEntities = [TrustedDocumentRow]
