import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Checkpoints that an export was made of stay: a later export is proved to extend the one that is named by its size. */
export class ExportedCheckpoints1764100003000 implements MigrationInterface {
  readonly name = 'ExportedCheckpoints1764100003000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE audit_checkpoint ADD COLUMN exported boolean NOT NULL DEFAULT false',
    )
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_checkpoint DROP COLUMN exported')
  }
}
