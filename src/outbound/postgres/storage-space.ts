import { statfs } from 'node:fs/promises'
import type { StorageSpace } from '../../domain/audit/storage-space.ts'
import type { Database } from './database.ts'

/** The file system of a folder: of the embedded server's, where its files grow. */
export class FolderSpace implements StorageSpace {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** As much as an unprivileged process may take. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#folder)
    return bavail * bsize
  }
}

/** The disk of a PostgreSQL server can't be seen from here: what the operator grants its database counts instead. */
export class DatabaseQuota implements StorageSpace {
  readonly #database: Database
  readonly #bytes: number | null

  /** @param bytes null: no quota was told. */
  constructor(database: Database, bytes: number | null) {
    this.#database = database
    this.#bytes = bytes
  }

  async free(): Promise<number | null> {
    if (this.#bytes === null) return null
    const [row] = await this.#database.query<{ size: string }>(
      'SELECT pg_database_size(current_database()) AS size',
      [],
      'database-size',
    )
    return row ? Math.max(0, this.#bytes - Number(row.size)) : null
  }
}
