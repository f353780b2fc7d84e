import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Columns in which people's values stand in clear. No plan depends on how they are distributed. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  record: ['traits', 'sealed'],
  event: ['item_id', 'order_id', 'value', 'properties'],
  tally: ['tally'],
  read_model: [
    'demographics',
    'location',
    'account',
    'activity',
    'device',
    'commerce',
    'custom',
    'interactions',
    'recommended',
    'lineage',
    'memberships',
  ],
}

/**
 * When what an erasure deleted left the files of the database. And the planner keeps no samples of people's values any
 * more: its statistics are rows too, which whoever reads pg_stats sees and no erasure reaches.
 */
export class ErasureRemains1764200004100 implements MigrationInterface {
  readonly name = 'ErasureRemains1764200004100'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE erasure
        ADD COLUMN rewritten_at timestamptz,
        ADD COLUMN log_position text,
        ADD COLUMN gone_at timestamptz;
      ${statistics('0')}
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${statistics('-1')};
      ALTER TABLE erasure DROP COLUMN rewritten_at, DROP COLUMN log_position, DROP COLUMN gone_at
    `)
  }
}

function statistics(target: string): string {
  return Object.entries(VALUES)
    .map(([table, columns]) => {
      const changes = columns.map((column) => `ALTER COLUMN ${column} SET STATISTICS ${target}`)
      return `ALTER TABLE ${table} ${changes.join(', ')}`
    })
    .join(';\n')
}
