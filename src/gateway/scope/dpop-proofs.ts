import { createHash } from 'node:crypto'
import {
  type DpopProof,
  type DpopReader,
  PROOF_ALGORITHMS,
  type UsedProofs,
} from '../../domain/access/dpop.ts'
import { type Clock, type Instant, MINUTE, SECOND } from '../../kernel/time.ts'

/** A proof as it came, and the request that it came with. */
export interface ShownProof {
  /** Empty where none came. */
  readonly text: string
  readonly method: string
  /** Without query. */
  readonly path: string
}

/** How old a proof may be, and how far the clock of its maker may be ahead of ours. */
const OLDEST = MINUTE
const AHEAD = 10 * SECOND
/** One of an elliptic curve has about 500 characters. */
const LONGEST = 2_048

/** Proofs of possession (RFC 9449 §4.3): each counts for one request. */
export class DpopProofs {
  /** By which proofs may be signed. */
  static readonly algorithms: readonly string[] = PROOF_ALGORITHMS

  readonly #reader: DpopReader
  readonly #used: UsedProofs
  readonly #address: string
  readonly #clock: Clock
  /** A stream asks again at each of its events, and is still the same request. */
  readonly #accepted = new WeakMap<ShownProof, DpopProof>()

  /** @param address origin under which clients reach the gateway. */
  constructor(reader: DpopReader, used: UsedProofs, address: string, clock: Clock) {
    this.#reader = reader
    this.#used = used
    this.#address = address
    this.#clock = clock
  }

  /** What a proof says; null where it is none, belongs to another request or another time, or was used before. */
  async accept(shown: ShownProof): Promise<DpopProof | null> {
    const known = this.#accepted.get(shown)
    if (known) return known
    const now = this.#clock.now()
    const proof = shown.text.length <= LONGEST ? await this.#reader.read(shown.text, now) : null
    if (!proof || !this.#isForRequest(proof, shown) || !isFresh(proof, now)) return null
    const id = sha256(`${proof.jkt} ${proof.jti}`)
    if (!(await this.#used.take(id, proof.issuedAt + OLDEST - now + SECOND))) return null
    this.#accepted.set(shown, proof)
    return proof
  }

  /**
   * Whether a token was shown as it must be: a bound one with a proof of its key, made for this very token, and one that
   * is not bound as a bearer token (RFC 9449 §7.2: otherwise a thief would leave the proof out).
   * @param jkt of the key that the token is bound to.
   */
  async cover(token: string, jkt: string | null, shown: ShownProof | null): Promise<boolean> {
    if (jkt === null || shown === null) return jkt === null && shown === null
    const proof = await this.accept(shown)
    return proof !== null && proof.jkt === jkt && proof.ath === sha256(token)
  }

  #isForRequest({ htm, htu }: DpopProof, { method, path }: ShownProof): boolean {
    const address = this.#address + path
    if (htm !== method || !path.startsWith('/') || !URL.canParse(htu) || !URL.canParse(address))
      return false
    // Parsed, both have one normal form (RFC 3986 §6.2.2 and §6.2.3).
    const { origin, pathname } = new URL(htu)
    const ours = new URL(address)
    return origin === ours.origin && pathname === ours.pathname
  }
}

function isFresh({ issuedAt }: DpopProof, now: Instant): boolean {
  return issuedAt >= now - OLDEST && issuedAt <= now + AHEAD
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
