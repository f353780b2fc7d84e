import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * What else ISO/IEC TS 27560 wants to be known of a decision: the notice and its words, the language, who told of it, the
 * evidence. The history is only ever added to: the database refuses any change but the removal of a batch that is taken
 * back, and of a person who is erased. `notice_renewal` names the renewals that compiled consent has been told of.
 */
export class ConsentHistory1764200001000 implements MigrationInterface {
  readonly name = 'ConsentHistory1764200001000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE consent_record
        ADD notice text,
        ADD notice_hash text,
        ADD language text,
        ADD entity text,
        ADD evidence jsonb;
      CREATE TABLE notice_renewal (
        notice text NOT NULL,
        version text NOT NULL,
        due_at timestamptz NOT NULL,
        PRIMARY KEY (notice, version)
      );
      CREATE FUNCTION refuse_consent_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'DELETE' THEN
          IF current_setting('bauta.consent_removal', true) = 'erasure' THEN RETURN OLD; END IF;
          IF current_setting('bauta.consent_removal', true) = 'undo' AND OLD.batch_id IS NOT NULL THEN
            RETURN OLD;
          END IF;
        END IF;
        RAISE EXCEPTION 'the history of consents is only added to' USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER consent_record_kept BEFORE UPDATE OR DELETE ON consent_record
        FOR EACH ROW EXECUTE FUNCTION refuse_consent_change()
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER consent_record_kept ON consent_record;
      DROP FUNCTION refuse_consent_change();
      DROP TABLE notice_renewal;
      ALTER TABLE consent_record
        DROP notice, DROP notice_hash, DROP language, DROP entity, DROP evidence
    `)
  }
}
