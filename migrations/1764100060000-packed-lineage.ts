import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Lineage names each record of a person once instead of with every trait: `{"origins": [[source, recordKey, observedAt, receivedAt]], "traits": {key: [origin, rule]}}`. */
export class PackedLineage1764100060000 implements MigrationInterface {
  readonly name = 'PackedLineage1764100060000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      WITH told AS (
        SELECT subject_id, key, value -> 'rule' AS rule, jsonb_build_array(
          value -> 'source', value -> 'recordKey', value -> 'observedAt', value -> 'receivedAt') AS origin
        FROM read_model, jsonb_each(lineage)
      ), numbered AS (
        SELECT *, dense_rank() OVER (PARTITION BY subject_id ORDER BY origin) - 1 AS number FROM told
      ), packed AS (
        SELECT subject_id, jsonb_agg(DISTINCT origin ORDER BY origin) AS origins,
          jsonb_object_agg(key, jsonb_build_array(number, rule)) AS traits
        FROM numbered GROUP BY subject_id
      )
      UPDATE read_model r SET lineage = jsonb_build_object('origins', origins, 'traits', traits)
      FROM packed WHERE packed.subject_id = r.subject_id;
      UPDATE read_model SET lineage = '{"origins": [], "traits": {}}' WHERE lineage = '{}'
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE read_model r SET lineage = coalesce((
        SELECT jsonb_object_agg(trait.key, jsonb_build_object('source', origin -> 0, 'recordKey', origin -> 1,
          'observedAt', origin -> 2, 'receivedAt', origin -> 3, 'rule', trait.value -> 1))
        FROM jsonb_each(r.lineage -> 'traits') trait,
          LATERAL (SELECT r.lineage -> 'origins' -> (trait.value ->> 0)::int AS origin) named
      ), '{}')
    `)
  }
}
