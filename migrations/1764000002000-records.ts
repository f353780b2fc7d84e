import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What sources said, batch by batch, as it was accepted: every value knows where it came from, so every batch can be taken back. */
export class Records1764000002000 implements MigrationInterface {
  readonly name = 'Records1764000002000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE batch (
        id uuid PRIMARY KEY,
        source text NOT NULL,
        kind text NOT NULL,
        fingerprint text NOT NULL,
        state text NOT NULL,
        position bigint NOT NULL DEFAULT 0,
        received bigint NOT NULL DEFAULT 0,
        accepted bigint NOT NULL DEFAULT 0,
        quarantined bigint NOT NULL DEFAULT 0,
        duplicates bigint NOT NULL DEFAULT 0,
        started_at timestamptz NOT NULL,
        finished_at timestamptz
      );
      CREATE INDEX batch_fingerprint ON batch (fingerprint);
      CREATE TABLE record (
        source text NOT NULL,
        record_key text NOT NULL,
        batch_id uuid NOT NULL,
        home_id uuid NOT NULL,
        observed_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        content_hash bytea NOT NULL,
        traits jsonb NOT NULL,
        sealed jsonb NOT NULL,
        PRIMARY KEY (source, record_key, batch_id)
      );
      CREATE INDEX record_home ON record (home_id);
      CREATE INDEX record_batch ON record (batch_id);
      CREATE TABLE event (
        source text NOT NULL,
        message_id text NOT NULL,
        home_id uuid NOT NULL,
        batch_id uuid NOT NULL,
        name text NOT NULL,
        occurred_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        item_id text,
        order_id text,
        value double precision NOT NULL DEFAULT 0,
        properties jsonb NOT NULL,
        PRIMARY KEY (source, message_id)
      );
      CREATE INDEX event_home ON event (home_id, occurred_at);
      CREATE INDEX event_name ON event (name, home_id, occurred_at);
      CREATE INDEX event_batch ON event (batch_id);
      CREATE TABLE tally (
        home_id uuid PRIMARY KEY,
        tally jsonb NOT NULL
      );
      CREATE TABLE quarantine (
        id uuid PRIMARY KEY,
        source text NOT NULL,
        batch_id uuid NOT NULL,
        kind text NOT NULL,
        row_number bigint NOT NULL,
        received_at timestamptz NOT NULL,
        reasons jsonb NOT NULL,
        payload bytea NOT NULL
      );
      CREATE INDEX quarantine_batch ON quarantine (batch_id)
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE quarantine, tally, event, record, batch
    `)
  }
}
