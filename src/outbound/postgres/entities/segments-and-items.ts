import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm'

@Entity('segment')
export class SegmentRow {
  @PrimaryColumn('text')
  key!: string
  @Column('text')
  name!: string
  @Column('text')
  description!: string
  @Column('jsonb')
  rule!: unknown
  @Column('text', { array: true })
  categories!: string[]
  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date
  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date
}

@Index('item_category', ['category', 'id'])
@Index('item_batch', ['batchId'])
@Entity('item')
export class ItemRow {
  @PrimaryColumn('text')
  id!: string
  @Column('text')
  title!: string
  @Column('text', { nullable: true })
  category!: string | null
  @Column('double precision', { nullable: true })
  price!: number | null
  @Column('boolean')
  available!: boolean
  @Column('jsonb')
  attributes!: unknown
  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date
  @Column('uuid', { name: 'batch_id', nullable: true })
  batchId!: string | null
}

@Index('former_item_id', ['id', 'sequence'])
@Index('former_item_batch', ['batchId'])
@Entity('former_item')
export class FormerItem {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  sequence!: string
  @Column('text')
  id!: string
  @Column('text')
  title!: string
  @Column('text', { nullable: true })
  category!: string | null
  @Column('double precision', { nullable: true })
  price!: number | null
  @Column('boolean')
  available!: boolean
  @Column('jsonb')
  attributes!: unknown
  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date
  @Column('uuid', { name: 'batch_id', nullable: true })
  batchId!: string | null
}

@Entity('recommender_model')
export class RecommenderModel {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'ALWAYS' })
  id!: number
  @Column('timestamptz', { name: 'fitted_at' })
  fittedAt!: Date
  @Column('jsonb')
  popular!: unknown
}

@Entity('recommender_neighbours')
export class RecommenderNeighbours {
  @PrimaryColumn('integer', { name: 'model_id' })
  modelId!: number
  @PrimaryColumn('text')
  input!: string
  @PrimaryColumn('text', { name: 'item_id' })
  itemId!: string
  @Column('jsonb')
  neighbours!: unknown
}

/** Segments, the catalogue, and fitted recommender models. */
export const segmentsAndItemsEntities = [
  SegmentRow,
  ItemRow,
  FormerItem,
  RecommenderModel,
  RecommenderNeighbours,
]
