import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What a client may spend within a minute, and from which pages it may be called. */
export class ClientLimits1764300000000 implements MigrationInterface {
  readonly name = 'ClientLimits1764300000000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE client ADD COLUMN requests_per_minute integer, ADD COLUMN cost_per_minute integer,
        ADD COLUMN origins text[] NOT NULL DEFAULT '{}';
      ALTER TABLE client ALTER COLUMN origins DROP DEFAULT
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE client DROP COLUMN requests_per_minute, DROP COLUMN cost_per_minute, DROP COLUMN origins',
    )
  }
}
