import type { Queryable } from './database.ts'

/**
 * Lets this transaction remove consent records, which the database otherwise refuses: those of a batch that is taken back,
 * or all of a person who is erased.
 */
export async function allowConsentRemoval(tx: Queryable, why: 'undo' | 'erasure'): Promise<void> {
  await tx.query("SELECT set_config('bauta.consent_removal', $1, true)", [why])
}
