import type { Category } from '../../domain/privacy/categories.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { open } from '../../domain/privacy/seal.ts'
import { type ReadRow, type SealedColumn, sealedColumns } from '../../domain/profiles/read-model.ts'

const EMPTY: Readonly<Record<string, unknown>> = {}

/**
 * Opens sealed columns of one row, each on demand and only once; the data key is unwrapped at most once and lives no
 * longer than the row. Without a key (the person was erased) there is nothing to read.
 */
export function openSealed(
  keys: KeyStore,
  row: ReadRow,
): (category: Category) => Readonly<Record<string, unknown>> {
  let key: Uint8Array | null | undefined
  const opened = new Map<Category, Readonly<Record<string, unknown>>>()
  return (category) => {
    const found = opened.get(category)
    if (found) return found
    const sealed = sealedOf(row, category)
    if (!sealed) return EMPTY
    key ??= keys.dataKeyOf(row.subjectId)
    const values = key
      ? (JSON.parse(open(key, [row.subjectId, category], sealed).toString('utf8')) as Record<
          string,
          unknown
        >)
      : EMPTY
    opened.set(category, values)
    return values
  }
}

function sealedOf(row: ReadRow, category: Category): Uint8Array | null {
  const column = (sealedColumns as Readonly<Record<string, SealedColumn>>)[category]
  if (column) return row.sealed[column] ?? null
  const more = row.sealedMore?.[category]
  return more ? Buffer.from(more, 'base64') : null
}
