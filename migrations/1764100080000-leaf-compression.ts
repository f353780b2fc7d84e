import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Leaves that fit beside the rest of their row stay there, compressed: in a table of their own each would cost two more rows
 * and an index entry. They are compressed with LZ4, which takes the server much less time than its own method. A server that
 * was built without it keeps its own. Leaves that are there stay as they are: each says how it is compressed.
 */
export class LeafCompression1764100080000 implements MigrationInterface {
  readonly name = 'LeafCompression1764100080000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE audit_entry SET (toast_tuple_target = 8160);
      DO $$
      BEGIN
        ALTER TABLE audit_entry ALTER COLUMN leaf SET COMPRESSION lz4;
      EXCEPTION WHEN feature_not_supported THEN
        RAISE NOTICE 'This server has no LZ4: leaves are compressed with pglz';
      END $$
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE audit_entry ALTER COLUMN leaf SET COMPRESSION default;
      ALTER TABLE audit_entry RESET (toast_tuple_target)
    `)
  }
}
