import type { SinkPosition } from '../../domain/audit/audit-sink.ts'
import type { Database } from './database.ts'

/** Whichever gateway sends the trail on holds this advisory lock. */
const SINK_LOCK = 4_208_342
const CURSOR = 'sink'

export class PostgresSinkPosition implements SinkPosition {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async next(): Promise<number> {
    const [row] = await this.#database.query<{ next_index: string }>(
      'SELECT next_index FROM audit_cursor WHERE name = $1',
      [CURSOR],
      'sink-position',
    )
    return Number(row?.next_index ?? 0)
  }

  async advance(next: number): Promise<void> {
    await this.#database.query(
      `INSERT INTO audit_cursor (name, next_index) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET next_index = greatest(audit_cursor.next_index, excluded.next_index)`,
      [CURSOR, next],
      'sink-advance',
    )
  }

  async alone<T>(work: () => Promise<T>): Promise<T | null> {
    return await this.#database.alone(SINK_LOCK, work)
  }
}
