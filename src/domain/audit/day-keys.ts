/** Days after its own for which a day's key is kept: as long as a complaint about a request usually takes to come. */
export const DAY_KEYS_KEPT = 30

/**
 * Keys of single days, by which values in audit entries are hashed. Once a day's key is destroyed nobody can test
 * guesses against that day's entries.
 * An implementation MUST have made a new key durable before `make` resolves, MUST give the same key to every gateway of
 * the installation, and MUST NOT give a destroyed key again. Days are those of UTC: `2026-01-31`.
 */
export interface DayKeys {
  /** The key of today: 32 bytes, made at its first use. @throws Refusal KEYS_UNAVAILABLE */
  make(today: string): Promise<Uint8Array>
  /** Null: destroyed, or of a day on which nothing was hashed. */
  find(day: string): Promise<Uint8Array | null>
  /** Days that have a key, oldest first. */
  days(): Promise<readonly string[]>
  /** Destroys, irrevocably, the keys of all days before that one; returns those days. */
  destroyBefore(day: string): Promise<readonly string[]>
}
