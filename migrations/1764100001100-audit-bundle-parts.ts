import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Bundles of old entries are compressed in parts, so that reading one entry does not unpack 255 others. */
export class AuditBundleParts1764100001100 implements MigrationInterface {
  readonly name = 'AuditBundleParts1764100001100'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_bundle ADD COLUMN part_ends integer[] NOT NULL')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_bundle DROP COLUMN part_ends')
  }
}
