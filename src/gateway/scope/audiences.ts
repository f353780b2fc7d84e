import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { Pseudonyms } from '../../domain/privacy/pseudonym.ts'

/** People whom a caller acts for stand in entries under pseudonyms of their own. */
export const AUDIT_AUDIENCE = 'audit'

/** Entries are never written anew, so the trail's own pseudonyms have one epoch. */
const ONLY = { current: 1, previous: null }

/** Pseudonyms by audience; each audience's ciphers are set up once per epoch. */
export class Audiences {
  readonly #keys: Pick<KeyStore, 'installationKey' | 'epochsOf'>
  readonly #made = new Map<string, Pseudonyms>()

  constructor(keys: Pick<KeyStore, 'installationKey' | 'epochsOf'>) {
    this.#keys = keys
  }

  /**
   * As they are made and accepted now. Whoever answers a request asks once: the epoch may change at any moment.
   * @param audience of a registered client, so that their number is bounded.
   */
  of(audience: string): Pseudonyms {
    const { current, previous } = audience === AUDIT_AUDIENCE ? ONLY : this.#keys.epochsOf(audience)
    return this.#in(audience, current, previous?.epoch ?? current)
  }

  /** As `of`, but of every epoch there was: for what the gateway itself has sealed, and for compliance. */
  everOf(audience: string): Pseudonyms {
    return this.#in(audience, this.of(audience).epoch, 1)
  }

  /** Ids of consent records, in the same epochs as these pseudonyms of people. */
  consentsOf({ audience, epoch, previous }: Pseudonyms): Pseudonyms {
    // A blank stands in no audience: nobody's pseudonyms of people are ids of records.
    return this.#in(`consents of ${audience}`, epoch, previous?.epoch ?? epoch)
  }

  #in(audience: string, current: number, oldest: number): Pseudonyms {
    const name = `${audience} ${current} ${oldest}`
    let made = this.#made.get(name)
    if (!made) {
      const previous = current > oldest ? this.#in(audience, current - 1, oldest) : null
      made = new Pseudonyms(this.#keys.installationKey('pseudonym'), audience, current, previous)
      this.#made.set(name, made)
    }
    return made
  }
}
