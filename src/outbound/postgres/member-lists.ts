import type { MemberList, MemberLists } from '../../domain/audit/member-lists.ts'
import type { Queryable } from './database.ts'

// References have one length and stand one a line, so none is part of another.
const NAMING = `
  SELECT last.log_index FROM (SELECT DISTINCT day FROM audit_listed WHERE log_index < $3 ORDER BY day DESC) days
  CROSS JOIN LATERAL (
    SELECT l.log_index FROM audit_listed l JOIN audit_member_list m USING (entry_id)
    WHERE l.day = days.day AND EXISTS (SELECT FROM unnest($1::text[]) AS wanted (ref) WHERE strpos(m.refs, ref) > 0)
    ORDER BY l.log_index DESC LIMIT 1
  ) last WHERE last.log_index < $3 ORDER BY days.day DESC LIMIT $2`

export class PostgresMemberLists implements MemberLists {
  readonly #database: Queryable

  constructor(database: Queryable) {
    this.#database = database
  }

  async save(entryId: string, { text, sha256 }: MemberList): Promise<void> {
    await this.#database.query(
      'INSERT INTO audit_member_list (entry_id, sha256, refs) VALUES ($1, $2, $3)',
      [entryId, sha256, text],
      'member-list',
    )
  }

  async naming(
    refs: readonly string[],
    { limit, before }: { limit: number; before: number | null },
  ): Promise<readonly number[]> {
    const rows = await this.#database.query<{ log_index: string }>(
      NAMING,
      [refs, limit, before ?? Number.MAX_SAFE_INTEGER],
      'member-lists-naming',
    )
    return rows.map(({ log_index }) => Number(log_index))
  }
}
