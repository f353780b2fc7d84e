import { createHash } from 'node:crypto'

/** Who was read in bulk, as audit references: named by an entry through its hash, kept beside the log. */
export interface MemberList {
  /** Sorted, each once, one a line. */
  readonly text: string
  /** SHA-256 of the text in UTF-8. */
  readonly sha256: Uint8Array
  readonly size: number
}

export function memberListOf(refs: Iterable<string>): MemberList {
  const sorted = [...new Set(refs)].sort()
  const text = sorted.join('\n')
  return { text, sha256: createHash('sha256').update(text).digest(), size: sorted.length }
}

/** An implementation MUST have made the list durable before `save` resolves. */
export interface MemberLists {
  save(entryId: string, list: MemberList): Promise<void>
  /**
   * Numbers of entries whose list holds one of these references, newest first: of each UTC day the last one, because a
   * fit reads the same people many times a day. Entries that the index of the trail does not hold yet are left out.
   */
  naming(
    refs: readonly string[],
    page: { readonly limit: number; readonly before: number | null },
  ): Promise<readonly number[]>
}
