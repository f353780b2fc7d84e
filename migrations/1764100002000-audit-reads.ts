import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The index of the trail, made for pages of a few milliseconds whatever is asked: what entries have in common is
 * interned once as a kind, so any combination of conditions is a set of kinds. Besides, what each day's entries add up
 * to, values of arguments by keyed hash, and entries that name people by a list. All of it is derived from the log:
 * the old index is dropped, the new one grows by itself.
 */
export class AuditReads1764100002000 implements MigrationInterface {
  readonly name = 'AuditReads1764100002000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE audit_subject, audit_index;
      CREATE TABLE audit_kind (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        digest bytea NOT NULL UNIQUE,
        client_id text NOT NULL,
        audience text NOT NULL,
        purpose text,
        outcome text NOT NULL,
        phase text NOT NULL,
        fields text[] NOT NULL
      );
      CREATE TABLE audit_index (
        log_index bigint PRIMARY KEY,
        kind integer NOT NULL,
        time timestamptz NOT NULL,
        request_id text NOT NULL
      );
      CREATE INDEX audit_index_kind ON audit_index (kind, log_index);
      CREATE INDEX audit_index_request ON audit_index (request_id);
      CREATE TABLE audit_span (
        first_index bigint PRIMARY KEY,
        last_index bigint NOT NULL,
        earliest timestamptz NOT NULL,
        latest timestamptz NOT NULL
      );
      CREATE TABLE audit_subject (
        ref text NOT NULL,
        log_index bigint NOT NULL,
        kind integer NOT NULL,
        PRIMARY KEY (ref, log_index, kind)
      );
      CREATE TABLE audit_argument (
        hmac bytea NOT NULL,
        log_index bigint NOT NULL,
        PRIMARY KEY (hmac, log_index)
      );
      CREATE TABLE audit_listed (
        log_index bigint PRIMARY KEY,
        entry_id uuid NOT NULL,
        day date NOT NULL
      );
      CREATE INDEX audit_listed_day ON audit_listed (day, log_index);
      CREATE TABLE audit_daily (
        day date NOT NULL,
        kind integer NOT NULL,
        entries bigint NOT NULL,
        disclosures bigint NOT NULL,
        listed bigint NOT NULL,
        people bytea NOT NULL,
        PRIMARY KEY (day, kind)
      )
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE audit_daily, audit_listed, audit_argument, audit_subject, audit_span, audit_index, audit_kind;
      CREATE TABLE audit_index (
        log_index bigint PRIMARY KEY,
        time timestamptz NOT NULL,
        request_id text NOT NULL,
        client_id text NOT NULL,
        audience text NOT NULL,
        purpose text,
        outcome text NOT NULL,
        phase text NOT NULL
      );
      CREATE INDEX audit_index_client ON audit_index (client_id, log_index);
      CREATE INDEX audit_index_audience ON audit_index (audience, log_index);
      CREATE INDEX audit_index_request ON audit_index (request_id);
      CREATE INDEX audit_index_time ON audit_index (time, log_index);
      CREATE TABLE audit_subject (
        ref text NOT NULL,
        log_index bigint NOT NULL,
        PRIMARY KEY (ref, log_index)
      )
    `)
  }
}
