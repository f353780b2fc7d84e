import type { MigrationInterface, QueryRunner } from 'typeorm'

/** People and visitors, what identifies them, and which of them were found to be the same. A merge moves no row: it points `root_id` elsewhere, so it can be taken back exactly. */
export class Subjects1764000001000 implements MigrationInterface {
  readonly name = 'Subjects1764000001000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE subject (
        id uuid PRIMARY KEY,
        root_id uuid NOT NULL,
        kind text NOT NULL,
        created_at timestamptz NOT NULL
      );
      CREATE INDEX subject_root ON subject (root_id);
      CREATE TABLE subject_merge (
        id uuid PRIMARY KEY,
        survivor_id uuid NOT NULL,
        retired_id uuid NOT NULL,
        identifier_kind text NOT NULL,
        source text NOT NULL,
        record_key text NOT NULL,
        batch_id uuid NOT NULL,
        merged_at timestamptz NOT NULL,
        undone_at timestamptz
      );
      CREATE INDEX subject_merge_batch ON subject_merge (batch_id);
      CREATE UNIQUE INDEX subject_merge_survivor ON subject_merge (survivor_id, retired_id, batch_id);
      CREATE INDEX subject_merge_retired ON subject_merge (retired_id);
      CREATE TABLE identifier (
        kind text NOT NULL,
        blind_index bytea NOT NULL,
        home_id uuid NOT NULL,
        verified boolean NOT NULL,
        first_seen_at timestamptz NOT NULL,
        PRIMARY KEY (kind, blind_index)
      );
      CREATE INDEX identifier_home ON identifier (home_id);
      CREATE TABLE identifier_claim (
        kind text NOT NULL,
        blind_index bytea NOT NULL,
        source text NOT NULL,
        record_key text NOT NULL,
        batch_id uuid NOT NULL,
        verified boolean NOT NULL,
        PRIMARY KEY (kind, blind_index, source, record_key, batch_id)
      );
      CREATE INDEX identifier_claim_batch ON identifier_claim (batch_id);
      CREATE TABLE change (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind text NOT NULL,
        subject_id uuid NOT NULL,
        key text,
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
      CREATE INDEX change_at ON change (changed_at)
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE change, identifier_claim, identifier, subject_merge, subject
    `)
  }
}
