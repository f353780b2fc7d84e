import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { Pseudonyms } from '../../domain/privacy/pseudonym.ts'

/** The epoch that new pseudonyms are made in. */
export const EPOCH = 1

/** Pseudonyms by audience; each audience's cipher is set up once. */
export class Audiences {
  readonly #keys: KeyStore
  readonly #made = new Map<string, Pseudonyms>()

  constructor(keys: KeyStore) {
    this.#keys = keys
  }

  /** @param audience of a registered client, so that their number is bounded. */
  of(audience: string): Pseudonyms {
    let pseudonyms = this.#made.get(audience)
    if (!pseudonyms) {
      pseudonyms = new Pseudonyms(this.#keys.installationKey('pseudonym'), audience, EPOCH)
      this.#made.set(audience, pseudonyms)
    }
    return pseudonyms
  }
}
