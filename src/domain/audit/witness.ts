/**
 * A log as its witness reaches it: from a machine that the log's operator does not hold.
 * A caller MUST NOT believe anything that it says without verifying it.
 */
export interface WitnessedLog {
  /** The newest checkpoint: a signed note. */
  checkpoint(): Promise<string>
  /** The proof (RFC 6962 §2.1.2) that the tree of `from` entries is the beginning of the tree of `to`. */
  consistency(from: number, to: number): Promise<readonly Uint8Array[]>
  /** Hands over a checkpoint that carries the witness's signature. */
  submit(note: string): Promise<void>
}

/** The log did not answer, or with something that is no answer: nothing can be said about it, for better or worse. */
export class LogUnreachableError extends Error {
  override readonly name = 'LogUnreachableError'
}

/**
 * What a witness has signed last.
 * An implementation MUST let one caller at a time in, over all processes, and MUST have made a note durable before `save`
 * resolves.
 */
export interface WitnessMemory {
  alone<T>(work: (memory: OpenWitnessMemory) => Promise<T>): Promise<T>
}

export interface OpenWitnessMemory {
  /** Null: nothing so far. */
  last(): Promise<string | null>
  save(note: string): Promise<void>
}
