import {
  argumentHmac,
  canonicalValue,
  type HashedArgument,
  hashArguments,
} from '../../domain/audit/arguments.ts'
import type { DayKeys } from '../../domain/audit/day-keys.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { Scope } from './scope.ts'

/** What is given at one place of a document. */
export interface GivenArgument {
  /** Field and argument as the schema names them: `profileBy.identifier`. No name that a caller makes up. */
  readonly path: string
  readonly value: unknown
}

/**
 * The arguments of a request as its entry holds them. An identifier that led to a person is hashed under that person's
 * key, which goes with them; anything else under the key of the day, which is destroyed after 30 days. A pseudonym that
 * led to a disclosed person is left out: the entry names the person.
 * @throws Refusal KEYS_UNAVAILABLE
 */
export async function hashedArguments(
  scope: Scope,
  given: readonly GivenArgument[],
  { keys, dayKeys }: { readonly keys: KeyStore; readonly dayKeys: DayKeys },
): Promise<readonly HashedArgument[]> {
  if (given.length === 0) return []
  const ofToday = await dayKeys.make(isoInstant(scope.now).slice(0, 10))
  return hashArguments(given, (value) => {
    if (scope.named.has(String(value))) return null
    const identifier = scope.identifiers.get(String(value))
    const ofPerson = identifier?.subject ? keys.argumentKeyOf(identifier.subject) : null
    const canonical = canonicalValue(identifier?.value ?? value)
    const hmac = argumentHmac(ofPerson ?? ofToday, canonical).toString('base64url')
    return { hmac, isIdentifier: identifier !== undefined }
  })
}
