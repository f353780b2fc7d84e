import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Counts of people: what audiences have spent of their privacy budgets, the noised counts that they were told (of the
 * day only), and the sets that clients without noise had counted today.
 */
export class Counts1764200002000 implements MigrationInterface {
  readonly name = 'Counts1764200002000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE privacy_budget (
        audience text NOT NULL,
        population text NOT NULL,
        mechanism text NOT NULL,
        window_key text NOT NULL,
        spent bigint NOT NULL,
        PRIMARY KEY (audience, population, mechanism, window_key)
      );
      CREATE TABLE noised_count (
        audience text NOT NULL,
        population text NOT NULL,
        digest bytea NOT NULL,
        day text NOT NULL,
        value bigint NOT NULL,
        budget_left bigint NOT NULL,
        as_of timestamptz NOT NULL,
        PRIMARY KEY (audience, population, digest, day)
      );
      CREATE TABLE counted_set (
        client_id text NOT NULL,
        day text NOT NULL,
        digest bytea NOT NULL,
        rule jsonb NOT NULL,
        consent_ids integer[] NOT NULL,
        count bigint NOT NULL,
        as_of timestamptz NOT NULL,
        PRIMARY KEY (client_id, day, digest)
      )
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE counted_set, noised_count, privacy_budget')
  }
}
