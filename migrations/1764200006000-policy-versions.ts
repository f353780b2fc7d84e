import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Tables of every policy that held here, as text: their version is a hash over their exact order. */
export class PolicyVersions1764200006000 implements MigrationInterface {
  readonly name = 'PolicyVersions1764200006000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE policy_version (
        version text PRIMARY KEY,
        tables text NOT NULL,
        since timestamptz NOT NULL
      )
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE policy_version')
  }
}
