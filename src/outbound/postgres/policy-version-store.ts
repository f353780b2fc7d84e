import type { PolicyTables } from '../../domain/privacy/policy.ts'
import type { PolicyVersions } from '../../domain/privacy/policy-versions.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Queryable } from './database.ts'

export class PostgresPolicyVersions implements PolicyVersions {
  readonly #database: Queryable

  constructor(database: Queryable) {
    this.#database = database
  }

  async keep(version: string, tables: PolicyTables, since: Instant): Promise<void> {
    await this.#database.query(
      'INSERT INTO policy_version (version, tables, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [version, JSON.stringify(tables), isoInstant(since)],
    )
  }

  async tablesOf(version: string): Promise<PolicyTables | null> {
    const [row] = await this.#database.query<{ tables: string }>(
      'SELECT tables FROM policy_version WHERE version = $1',
      [version],
    )
    return row ? (JSON.parse(row.tables) as PolicyTables) : null
  }
}
