/**
 * Slow hashes of secrets that people choose or keep.
 * An implementation MUST bound how many run at once, and MUST take as long for a null hash as for a wrong secret, so
 * that nobody learns by the clock which clients exist.
 */
export interface SecretHasher {
  hash(secret: string): Promise<string>
  /** @param hash as from `hash`; null where there is none: always false. */
  verify(hash: string | null, secret: string): Promise<boolean>
  /** Whether a hash costs something else than those made today, and should be made anew while the secret is at hand. */
  isOutdated(hash: string): boolean
}
