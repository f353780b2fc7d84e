import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Erasures, each with how far it has come, and the keyed hashes by which whoever was erased is kept from coming back.
 * Rows in quarantine say by blind indexes whom they name; those from before this do not (null).
 */
export class Erasures1764200004000 implements MigrationInterface {
  readonly name = 'Erasures1764200004000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE erasure (
        id uuid PRIMARY KEY,
        state text NOT NULL,
        subjects uuid[] NOT NULL,
        refs text[] NOT NULL,
        look_ups bytea[] NOT NULL,
        removed jsonb NOT NULL,
        begun_at timestamptz NOT NULL,
        stopped_at timestamptz,
        refitted_at timestamptz
      );
      CREATE INDEX erasure_state ON erasure (state, stopped_at);
      CREATE TABLE suppression (
        hash bytea PRIMARY KEY,
        erasure_id uuid NOT NULL,
        since timestamptz NOT NULL
      );
      CREATE INDEX suppression_erasure ON suppression (erasure_id);
      ALTER TABLE batch ADD COLUMN suppressed bigint NOT NULL DEFAULT 0;
      ALTER TABLE quarantine ADD COLUMN about bytea[];
      CREATE INDEX quarantine_about ON quarantine USING gin (about)
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE quarantine DROP COLUMN about;
      ALTER TABLE batch DROP COLUMN suppressed;
      DROP TABLE suppression, erasure
    `)
  }
}
