import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Documents that clients have registered, each with the purpose that it is bound to. */
export class TrustedDocuments1764300001000 implements MigrationInterface {
  readonly name = 'TrustedDocuments1764300001000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE trusted_document (
        client_id text NOT NULL,
        hash text NOT NULL,
        document text NOT NULL,
        operations text[] NOT NULL,
        purpose text,
        registered_at timestamptz NOT NULL,
        PRIMARY KEY (client_id, hash)
      )
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE trusted_document')
  }
}
