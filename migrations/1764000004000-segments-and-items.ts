import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Segments, the catalogue, and fitted recommender models. */
export class SegmentsAndItems1764000004000 implements MigrationInterface {
  readonly name = 'SegmentsAndItems1764000004000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE segment (
        key text PRIMARY KEY,
        name text NOT NULL,
        description text NOT NULL,
        rule jsonb NOT NULL,
        categories text[] NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      );
      CREATE TABLE item (
        id text PRIMARY KEY,
        title text NOT NULL,
        category text,
        price double precision,
        available boolean NOT NULL,
        attributes jsonb NOT NULL,
        updated_at timestamptz NOT NULL,
        batch_id uuid
      );
      CREATE INDEX item_category ON item (category, id);
      CREATE INDEX item_batch ON item (batch_id);
      CREATE TABLE recommender_model (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        fitted_at timestamptz NOT NULL,
        popular jsonb NOT NULL
      );
      CREATE TABLE recommender_neighbours (
        model_id integer NOT NULL,
        input text NOT NULL,
        item_id text NOT NULL,
        neighbours jsonb NOT NULL,
        PRIMARY KEY (model_id, input, item_id)
      )
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE recommender_neighbours, recommender_model, item, segment
    `)
  }
}
