import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What is to be told outside: messages written with the change that they tell of, and where clients take them. */
export class Outbox1764200005000 implements MigrationInterface {
  readonly name = 'Outbox1764200005000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE delivery_endpoint (
        client_id text NOT NULL PRIMARY KEY,
        url text NOT NULL,
        kinds text[] NOT NULL,
        secret bytea NOT NULL,
        previous_secret bytea,
        previous_until timestamptz,
        created_at timestamptz NOT NULL,
        disabled_at timestamptz
      );
      CREATE TABLE delivery (
        id uuid NOT NULL,
        client_id text NOT NULL,
        kind text NOT NULL,
        audience text,
        is_callback boolean NOT NULL,
        subject_id uuid,
        needs jsonb,
        fields jsonb NOT NULL,
        sealed bytea,
        state text NOT NULL,
        reason text,
        attempts integer NOT NULL,
        created_at timestamptz NOT NULL,
        next_at timestamptz NOT NULL,
        settled_at timestamptz,
        PRIMARY KEY (id, client_id)
      );
      CREATE INDEX delivery_due ON delivery (state, next_at);
      CREATE INDEX delivery_subject ON delivery (subject_id)
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE delivery, delivery_endpoint')
  }
}
