import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What people ask for about their own data, until when they have to be answered, and what they are answered with. */
export class SubjectRequests1764200005100 implements MigrationInterface {
  readonly name = 'SubjectRequests1764200005100'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE subject_request (
        id uuid NOT NULL PRIMARY KEY,
        version integer NOT NULL,
        client_id text NOT NULL,
        client_request_id uuid,
        type text NOT NULL,
        status text NOT NULL,
        received_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        extension text,
        settled_at timestamptz,
        identities bytea,
        callbacks bytea
      );
      CREATE UNIQUE INDEX subject_request_client ON subject_request (client_id, client_request_id);
      CREATE INDEX subject_request_due ON subject_request (status, due_at);
      CREATE TABLE subject_request_person (
        request_id uuid NOT NULL PRIMARY KEY,
        subject_id uuid NOT NULL
      );
      CREATE INDEX subject_request_person_subject ON subject_request_person (subject_id);
      CREATE TABLE subject_request_link (
        hash bytea NOT NULL PRIMARY KEY,
        request_id uuid NOT NULL,
        kind text NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz
      );
      CREATE INDEX subject_request_link_request ON subject_request_link (request_id);
      CREATE TABLE subject_package (
        request_id uuid NOT NULL PRIMARY KEY,
        subject_id uuid NOT NULL,
        sealed bytea NOT NULL,
        expires_at timestamptz NOT NULL
      );
      CREATE INDEX subject_package_subject ON subject_package (subject_id)
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE subject_package, subject_request_link, subject_request_person, subject_request',
    )
  }
}
