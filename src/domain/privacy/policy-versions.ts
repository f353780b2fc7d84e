import type { Instant } from '../../kernel/time.ts'
import type { PolicyTables } from './policy.ts'

/** The tables of every policy that ever held here, so that past decisions can be reckoned again by the rules of their time. */
export interface PolicyVersions {
  /** Keeps the tables under their version; what is kept already stays as it is. */
  keep(version: string, tables: PolicyTables, since: Instant): Promise<void>
  /** Null for a version that was never kept. Tables come back as they were given, so that their version is the same. */
  tablesOf(version: string): Promise<PolicyTables | null>
}
