import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Callers, their tokens (hashed) and their daily look-up budgets. */
export class Access1764000006000 implements MigrationInterface {
  readonly name = 'Access1764000006000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE client (
        id text PRIMARY KEY,
        name text NOT NULL,
        roles text[] NOT NULL,
        audience text NOT NULL,
        scopes text[] NOT NULL,
        purposes text[] NOT NULL,
        default_purpose text,
        categories text[],
        segments text[],
        write_key text,
        lookups_per_day integer,
        adhoc boolean NOT NULL,
        secret_hash text,
        created_at timestamptz NOT NULL,
        disabled_at timestamptz
      );
      CREATE TABLE access_token (
        id text PRIMARY KEY,
        hash bytea NOT NULL UNIQUE,
        client_id text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        revoked_at timestamptz
      );
      CREATE INDEX access_token_client ON access_token (client_id);
      CREATE TABLE revoked_token (
        id text PRIMARY KEY,
        revoked_at timestamptz NOT NULL
      );
      CREATE TABLE lookup_budget (
        client_id text NOT NULL,
        day text NOT NULL,
        used integer NOT NULL,
        PRIMARY KEY (client_id, day)
      )
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE lookup_budget, revoked_token, access_token, client
    `)
  }
}
