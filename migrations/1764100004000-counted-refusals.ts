import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What is counted instead of recorded: refusals of strangers by minute, and what a client uses up in a day. */
export class CountedRefusals1764100004000 implements MigrationInterface {
  readonly name = 'CountedRefusals1764100004000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE security_count (
        minute timestamptz NOT NULL,
        event text NOT NULL,
        count bigint NOT NULL,
        samples jsonb NOT NULL,
        PRIMARY KEY (minute, event)
      );
      CREATE TABLE daily_use (
        client_id text NOT NULL,
        what text NOT NULL,
        day text NOT NULL,
        used integer NOT NULL,
        PRIMARY KEY (client_id, what, day)
      )
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE daily_use, security_count')
  }
}
