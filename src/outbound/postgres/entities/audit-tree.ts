import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity('audit_tile')
export class AuditTile {
  @PrimaryColumn('smallint')
  level!: number
  @PrimaryColumn('bigint', { name: 'tile_index' })
  tileIndex!: string
  @Column('bytea')
  hashes!: Buffer
}

@Entity('audit_checkpoint')
export class AuditCheckpoint {
  @PrimaryColumn('integer')
  epoch!: number
  @PrimaryColumn('bigint')
  size!: string
  @Column('bytea')
  root!: Buffer
  @Column('text')
  note!: string
  @Column('timestamptz', { name: 'signed_at' })
  signedAt!: Date
  @Column('text', { name: 'witness_line', nullable: true })
  witnessLine!: string | null
  @Column('timestamptz', { name: 'witnessed_at', nullable: true })
  witnessedAt!: Date | null
  /** An export was made of it. */
  @Column('boolean', { default: false })
  exported!: boolean
}

@Entity('audit_bundle')
export class AuditBundle {
  @PrimaryColumn('bigint', { name: 'bundle_index' })
  bundleIndex!: string
  @Column('bytea')
  entries!: Buffer
  @Column('integer', { name: 'part_ends', array: true })
  partEnds!: number[]
}

@Entity('audit_cursor')
export class AuditCursor {
  @PrimaryColumn('text')
  name!: string
  @Column('bigint', { name: 'next_index' })
  nextIndex!: string
}

/** The Merkle tree over the trail, and where old entries lie. */
export const auditTreeEntities = [AuditTile, AuditCheckpoint, AuditBundle, AuditCursor]
