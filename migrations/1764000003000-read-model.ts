import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Consent history, and the read model: one row per person with everything that a profile query needs. The view `features` shows it without what identifies; segments, fits and counts read only that. */
export class ReadModel1764000003000 implements MigrationInterface {
  readonly name = 'ReadModel1764000003000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE consent_record (
        id uuid PRIMARY KEY,
        home_id uuid NOT NULL,
        batch_id uuid,
        purpose text NOT NULL,
        categories text[],
        recipient text,
        state text NOT NULL,
        jurisdiction text,
        effective_at timestamptz NOT NULL,
        expires_at timestamptz,
        recorded_at timestamptz NOT NULL,
        source text NOT NULL,
        method text,
        collection_point text,
        notice_version text
      );
      CREATE INDEX consent_record_home ON consent_record (home_id);
      CREATE INDEX consent_record_batch ON consent_record (batch_id);
      CREATE TABLE consent_state (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        state text NOT NULL UNIQUE
      );
      CREATE TABLE read_model (
        subject_id uuid PRIMARY KEY,
        kind text NOT NULL,
        consent_id integer NOT NULL,
        consent_until timestamptz,
        consent_later jsonb NOT NULL,
        consent_records jsonb NOT NULL,
        segment_keys text[] NOT NULL,
        memberships jsonb NOT NULL,
        memberships_until timestamptz,
        demographics jsonb NOT NULL,
        location jsonb NOT NULL,
        account jsonb NOT NULL,
        activity jsonb NOT NULL,
        device jsonb NOT NULL,
        commerce jsonb NOT NULL,
        custom jsonb NOT NULL,
        interactions jsonb NOT NULL,
        recommended jsonb NOT NULL,
        lineage jsonb NOT NULL,
        sealed_name bytea,
        sealed_email bytea,
        sealed_phone bytea,
        sealed_address bytea,
        sealed_birth_date bytea,
        sealed_external bytea,
        sealed_identity bytea,
        sealed_more jsonb NOT NULL,
        updated_at timestamptz NOT NULL
      ) WITH (fillfactor = 85);
      CREATE INDEX read_model_visible ON read_model (consent_id, kind, subject_id);
      CREATE INDEX read_model_consent_until ON read_model (consent_until);
      CREATE INDEX read_model_memberships_until ON read_model (memberships_until);
      CREATE INDEX read_model_segments ON read_model USING gin (segment_keys);
      CREATE VIEW features AS
        SELECT subject_id, kind, consent_id, consent_until, segment_keys, memberships, demographics, location, account,
               activity, device, commerce, custom, interactions
        FROM read_model
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP VIEW features;
      DROP TABLE read_model, consent_state, consent_record
    `)
  }
}
