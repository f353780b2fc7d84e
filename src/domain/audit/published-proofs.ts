/** Hashes in base64 that lead from an entry's leaf hash to the root. */
export interface PublishedInclusion {
  readonly index: number
  readonly size: number
  readonly leafHash: string
  readonly proof: readonly string[]
}

/** What everybody may ask of the log to convince themselves that an entry stands in it. */
export interface PublishedProofs {
  /** The newest checkpoint: a note with the log's signature, and the witness's where there is one for it. */
  checkpoint(): Promise<string>
  /** @throws Refusal BAD_USER_INPUT unless 0 ≤ index < size ≤ size of the newest checkpoint. */
  inclusion(index: number, size: number): Promise<PublishedInclusion>
  /** Public keys of the log as C2SP vkeys, the one in use first; after it those of logs before a fork. */
  keys(): Promise<readonly string[]>
}
