import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The Merkle tree over the trail: tiles of 256 hashes, signed checkpoints, and old entries in compressed bundles of 256.
 * A cursor says up to which entry some work over the trail has come.
 */
export class AuditTree1764100001000 implements MigrationInterface {
  readonly name = 'AuditTree1764100001000'

  async up(runner: QueryRunner): Promise<void> {
    // Hashes and gzip do not compress again; stored outside and as they are, one hash can be read without the others.
    await runner.query(`
      CREATE TABLE audit_tile (
        level smallint NOT NULL,
        tile_index bigint NOT NULL,
        hashes bytea NOT NULL,
        PRIMARY KEY (level, tile_index)
      );
      ALTER TABLE audit_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
      CREATE TABLE audit_checkpoint (
        epoch integer NOT NULL,
        size bigint NOT NULL,
        root bytea NOT NULL,
        note text NOT NULL,
        signed_at timestamptz NOT NULL,
        witness_line text,
        witnessed_at timestamptz,
        PRIMARY KEY (epoch, size)
      );
      CREATE TABLE audit_bundle (
        bundle_index bigint PRIMARY KEY,
        entries bytea NOT NULL
      );
      ALTER TABLE audit_bundle ALTER COLUMN entries SET STORAGE EXTERNAL;
      CREATE TABLE audit_cursor (
        name text PRIMARY KEY,
        next_index bigint NOT NULL
      );
      INSERT INTO audit_cursor (name, next_index) VALUES
        ('tree', 0),
        ('archive', 0),
        ('retention', 0)
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_cursor, audit_bundle, audit_checkpoint, audit_tile')
  }
}
