import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What an administrative entry did, among what entries have in common (the index grows again), and how far the trail has been sent on. */
export class AuditDelivery1764100002100 implements MigrationInterface {
  readonly name = 'AuditDelivery1764100002100'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      TRUNCATE audit_kind, audit_index, audit_span, audit_subject, audit_argument, audit_listed, audit_daily;
      ALTER TABLE audit_kind ADD COLUMN action text;
      CREATE TABLE audit_sink (
        name text PRIMARY KEY,
        next_index bigint NOT NULL
      )
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE audit_sink;
      TRUNCATE audit_kind, audit_index, audit_span, audit_subject, audit_argument, audit_listed, audit_daily;
      ALTER TABLE audit_kind DROP COLUMN action
    `)
  }
}
