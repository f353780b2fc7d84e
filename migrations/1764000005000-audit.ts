import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The trail: exact leaf bytes and their hash, numbered without gaps by the one row of audit_head. Index and subjects are derived from the log, afterwards. */
export class Audit1764000005000 implements MigrationInterface {
  readonly name = 'Audit1764000005000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_head (
        only_row boolean PRIMARY KEY DEFAULT true,
        size bigint NOT NULL
      );
      INSERT INTO audit_head (size) VALUES (0);
      CREATE TABLE audit_entry (
        log_index bigint PRIMARY KEY,
        entry_id uuid NOT NULL,
        leaf bytea NOT NULL,
        leaf_hash bytea NOT NULL
      );
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
      );
      CREATE TABLE audit_member_list (
        entry_id uuid PRIMARY KEY,
        sha256 bytea NOT NULL,
        refs text NOT NULL
      )
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE audit_member_list, audit_subject, audit_index, audit_entry, audit_head
    `)
  }
}
