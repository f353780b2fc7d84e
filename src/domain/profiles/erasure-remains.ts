import type { Instant } from '../../kernel/time.ts'
import type { ErasureRecord } from './erasure-store.ts'

/**
 * What erasures leave in the files of a database: rows that are deleted and not overwritten yet, and the write-ahead log.
 * An implementation MUST NOT say that something is gone while its bytes may still stand in a file of the database. Copies
 * that it can't see, such as backups and archived logs, are not its concern.
 */
export interface ErasureRemains {
  /** Erasures that had stopped by then and whose rows may still lie in files of tables; a model was fitted without them. */
  waiting(by: Instant): Promise<number>
  /**
   * Writes all tables that hold something of people anew. Whoever reads one of them waits meanwhile.
   * @param said told each table once it is written.
   * @returns how many erasures left the files of tables by that.
   */
  rewrite(now: () => Instant, said: (table: string) => void): Promise<number>
  /** Erasures that have left the files of tables, and of whose deeds the write-ahead log holds nothing any more. */
  turnedOver(): Promise<readonly ErasureRecord[]>
  noteGone(id: string, now: Instant): Promise<void>
}
