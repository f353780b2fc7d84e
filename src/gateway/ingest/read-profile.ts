import type { TraitDefinition } from '../../domain/privacy/policy.ts'
import { externalIdTraits } from '../../domain/profiles/compose.ts'
import type { Identifier } from '../../domain/profiles/identifier.ts'
import { normalise, type TraitValue } from '../../domain/profiles/normalise.ts'
import { limits } from '../../kernel/limits.ts'
import { type ProfileEntry, Unacceptable } from './entry.ts'
import type { ProfileInput } from './ingest-input.ts'
import { indexed, keyedHash, type ReadingContext, readIdentifiers, readInstant } from './reading.ts'

/** Where values go whose key is in no registry: kept, sealed, and told to nobody. */
export const UNREGISTERED = 'unregistered'

/** @throws Unacceptable */
export function readProfile(input: ProfileInput, context: ReadingContext): ProfileEntry {
  const given = Object.entries(input.traits).filter(([, value]) => value !== null && value !== '')
  const country = countryOf(input, context)
  const sorted = new SortedTraits(context, country)
  for (const [key, value] of given) sorted.add(key, value)
  const contacts = ['email', 'phone'] as const
  const fromTraits = contacts.flatMap((kind) => {
    const value = sorted.valueOf(kind)
    return typeof value === 'string' ? [{ kind, value }] : []
  })
  if (sorted.reasons.length > 0) throw new Unacceptable(sorted.reasons)
  const identifiers = readIdentifiers([...input.identifiers, ...fromTraits], country, context)
  for (const identifier of identifiers) sorted.addIdentifier(identifier)
  const { plain, vault } = sorted
  const observedAt = readInstant(input.observedAt, 'observedAt', context)
  const content = [identifiers, [...Object.entries(plain)], [...vault], input.observedAt ?? null]
  return {
    type: 'profile',
    identifiers: indexed(identifiers, context),
    recordKey: keyedHash(context, ['record', context.source, input.recordKey])
      .subarray(0, 16)
      .toString('base64url'),
    contentHash: keyedHash(context, ['content', JSON.stringify(content)]).toString('hex'),
    observedAt,
    traits: plain,
    vault,
  }
}

function countryOf(input: ProfileInput, context: ReadingContext): string | null {
  const definition = context.policy.traits.get('country')
  const read = definition && normalise(definition, input.traits.country, null)
  return read && 'value' in read ? String(read.value) : null
}

/** The traits of one record in normal form, told apart by where they are kept. */
class SortedTraits {
  readonly plain: Record<string, TraitValue> = {}
  readonly vault = new Map<string, Record<string, unknown>>()
  readonly reasons: string[] = []
  readonly #context: ReadingContext
  readonly #country: string | null

  constructor(context: ReadingContext, country: string | null) {
    this.#context = context
    this.#country = country
  }

  add(key: string, value: unknown): void {
    const definition = this.#context.policy.traits.get(key)
    if (!definition) {
      if (JSON.stringify(value).length > limits.traitCharacters)
        this.reasons.push('a trait that is not registered is too long')
      else this.#seal(UNREGISTERED, key, value)
      return
    }
    const read = normalise(definition, value, this.#country)
    if ('problem' in read) this.reasons.push(`trait ${key} ${read.problem}`)
    else this.#put(definition, read.value)
  }

  /** What identifies is shown as well: as the trait of the same name, or among the ids in other systems. */
  addIdentifier({ kind, value }: Identifier): void {
    const definition = externalIdTraits.get(kind) ?? this.#context.policy.traits.get(kind)
    if (definition && this.valueOf(kind) === undefined) this.#put(definition, value)
  }

  valueOf(key: string): unknown {
    const category = this.#context.policy.traits.get(key)?.category ?? ''
    return this.plain[key] ?? this.vault.get(category)?.[key]
  }

  #put(definition: TraitDefinition, value: TraitValue): void {
    if (definition.sealed) this.#seal(definition.category, definition.key, value)
    else this.plain[definition.key] = value
  }

  #seal(category: string, key: string, value: unknown): void {
    const values = this.vault.get(category) ?? {}
    values[key] = value
    this.vault.set(category, values)
  }
}
