import type { MemberList, MemberLists } from '../../domain/audit/member-lists.ts'
import type { Queryable } from './database.ts'

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
}
