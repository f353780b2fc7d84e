/**
 * What can still be stored where the trail is kept.
 * An implementation MUST answer null rather than a guess where nobody told it how much there is.
 */
export interface StorageSpace {
  /** In bytes. */
  free(): Promise<number | null>
}
