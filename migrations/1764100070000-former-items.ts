import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Versions of items that an import or a change over the API has replaced, so that taking a batch back brings back what
 * stood before it. A trigger keeps them: two imports of one item at once can't lose a version between them.
 */
export class FormerItems1764100070000 implements MigrationInterface {
  readonly name = 'FormerItems1764100070000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE former_item (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL,
        title text NOT NULL,
        category text,
        price double precision,
        available boolean NOT NULL,
        attributes jsonb NOT NULL,
        updated_at timestamptz NOT NULL,
        batch_id uuid
      );
      CREATE INDEX former_item_id ON former_item (id, sequence);
      CREATE INDEX former_item_batch ON former_item (batch_id);
      CREATE FUNCTION keep_former_item() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO former_item (id, title, category, price, available, attributes, updated_at, batch_id)
        VALUES (OLD.id, OLD.title, OLD.category, OLD.price, OLD.available, OLD.attributes, OLD.updated_at, OLD.batch_id);
        RETURN NULL;
      END $$;
      CREATE TRIGGER former_item_kept AFTER UPDATE ON item FOR EACH ROW
        WHEN (OLD.batch_id IS DISTINCT FROM NEW.batch_id) EXECUTE FUNCTION keep_former_item()
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER former_item_kept ON item;
      DROP FUNCTION keep_former_item;
      DROP TABLE former_item
    `)
  }
}
