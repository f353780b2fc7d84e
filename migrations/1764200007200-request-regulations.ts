import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Under which law people ask, and when they did: by both a deadline counts. */
export class RequestRegulations1764200007200 implements MigrationInterface {
  readonly name = 'RequestRegulations1764200007200'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE subject_request ADD COLUMN regulation text, ADD COLUMN submitted_at timestamptz;
      UPDATE subject_request SET regulation = 'gdpr', submitted_at = received_at;
      ALTER TABLE subject_request
        ALTER COLUMN regulation SET NOT NULL, ALTER COLUMN submitted_at SET NOT NULL
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE subject_request DROP COLUMN regulation, DROP COLUMN submitted_at',
    )
  }
}
