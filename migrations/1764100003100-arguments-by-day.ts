import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * What arguments are found by begins with the day of the entry, so that they go day by day with the keys of days; identifiers
 * are found behind all days. Which of them older rows are does not show, so each becomes both.
 */
export class ArgumentsByDay1764100003100 implements MigrationInterface {
  readonly name = 'ArgumentsByDay1764100003100'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      INSERT INTO audit_argument (hmac, log_index)
      SELECT substring(int4send((time AT TIME ZONE 'UTC')::date - date '1970-01-01') FROM 3) || hmac, log_index
      FROM audit_argument JOIN audit_index USING (log_index);
      UPDATE audit_argument SET hmac = '\\xffff'::bytea || hmac WHERE octet_length(hmac) = 16
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      INSERT INTO audit_argument (hmac, log_index)
      SELECT DISTINCT substring(hmac FROM 3), log_index FROM audit_argument;
      DELETE FROM audit_argument WHERE octet_length(hmac) <> 16
    `)
  }
}
