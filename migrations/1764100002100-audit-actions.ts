import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What an administrative entry did, among what entries have in common. The index grows again by itself. */
export class AuditActions1764100002100 implements MigrationInterface {
  readonly name = 'AuditActions1764100002100'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      TRUNCATE audit_kind, audit_index, audit_span, audit_subject, audit_argument, audit_listed, audit_daily;
      ALTER TABLE audit_kind ADD COLUMN action text
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      TRUNCATE audit_kind, audit_index, audit_span, audit_subject, audit_argument, audit_listed, audit_daily;
      ALTER TABLE audit_kind DROP COLUMN action
    `)
  }
}
