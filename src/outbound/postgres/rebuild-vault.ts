import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { open, seal } from '../../domain/privacy/seal.ts'
import type { ComposedProfile } from '../../domain/profiles/compose.ts'
import type { TraitValue } from '../../domain/profiles/normalise.ts'
import type { Randomness, SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { HeldRecord } from './rebuild-facts.ts'

type Values = Readonly<Record<string, unknown>>

/**
 * Opens what records hold sealed and seals what rows shall hold, for the time of one transaction. Ciphers are most of
 * the cost of a rebuild, so what was just sealed is remembered, as are data keys, and bytes that say the same in the
 * same place are kept.
 */
export class RebuildVault {
  readonly #keys: KeyStore
  readonly #randomness: Randomness
  readonly #opened = new Map<string, Values>()
  readonly #dataKeys = new Map<SubjectId, Uint8Array>()

  constructor(keys: KeyStore, randomness: Randomness) {
    this.#keys = keys
    this.#randomness = randomness
  }

  remember(sealed: string, values: Values): void {
    this.#opened.set(sealed, values)
  }

  /** All traits of a record, the sealed ones in plain. */
  traitsOf(record: HeldRecord): Readonly<Record<string, TraitValue>> {
    const traits: Record<string, unknown> = { ...record.traits }
    for (const [category, sealed] of Object.entries(record.sealed))
      Object.assign(traits, this.#open(record.home, category, sealed))
    return traits as Record<string, TraitValue>
  }

  /** The vault of a row, sealed under the root's key. */
  sealedFor(
    root: SubjectId,
    vault: ComposedProfile['vault'],
    records: readonly HeldRecord[],
  ): ReadonlyMap<string, Buffer> {
    const own = records.filter(({ home }) => home === root)
    return new Map(
      [...vault].map(([category, values]) => [
        category,
        this.#kept(category, values, own) ?? this.#seal(root, category, values),
      ]),
    )
  }

  #open(home: SubjectId, category: string, sealed: string): Values {
    const known = this.#opened.get(sealed)
    if (known) return known
    const plain = open(this.#keyOf(home), [home, category], Buffer.from(sealed, 'base64'))
    const values = JSON.parse(plain.toString('utf8')) as Values
    this.#opened.set(sealed, values)
    return values
  }

  #kept(category: string, values: Values, own: readonly HeldRecord[]): Buffer | null {
    const keys = Object.keys(values)
    for (const { sealed } of own) {
      const bytes = sealed[category]
      const held = bytes === undefined ? undefined : this.#opened.get(bytes)
      if (!bytes || !held || Object.keys(held).length !== keys.length) continue
      if (keys.every((key) => held[key] === values[key])) return Buffer.from(bytes, 'base64')
    }
    return null
  }

  #seal(root: SubjectId, category: string, values: Values): Buffer {
    return seal(this.#keyOf(root), [root, category], JSON.stringify(values), this.#randomness)
  }

  #keyOf(subject: SubjectId): Uint8Array {
    const key = this.#dataKeys.get(subject) ?? this.#keys.dataKeyOf(subject)
    if (!key) throw new Refusal('KEYS_UNAVAILABLE', 'The key of a person is not there.')
    this.#dataKeys.set(subject, key)
    return key
  }
}
