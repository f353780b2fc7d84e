import { argumentHmac, argumentLookUp, canonicalValue } from '../../domain/audit/arguments.ts'
import { type Category, coveredByAny } from '../../domain/privacy/categories.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { open, SealError } from '../../domain/privacy/seal.ts'
import type { ErasurePlan, PersonTraces } from '../../domain/profiles/erasure-store.ts'
import { SUPPRESSION, suppressedBy, suppressionHash } from '../../domain/profiles/suppression.ts'

/** Shorter values stand in rows of many people. */
const SHORTEST_CLUE = 5

/** What has to go with a person's rows, while their keys can still tell. */
export function planErasure(
  traces: PersonTraces,
  keys: KeyStore,
  notices: ErasurePlan['notices'],
): ErasurePlan {
  const { members, identifiers } = traces
  const values = [...new Set(valuesOf(traces, keys).map(canonicalValue))]
  const suppressing = keys.installationKey(SUPPRESSION)
  const quarantine = keys.installationKey('quarantine')
  const clues = values.filter((value) => value.length >= SHORTEST_CLUE)
  return {
    suppressions: suppressedBy(identifiers).map((one) => suppressionHash(suppressing, one)),
    refs: members.flatMap((one) => keys.auditRefOf(one) ?? []),
    lookUps: members.flatMap((one) => {
      const key = keys.argumentKeyOf(one)
      return key ? values.map((value) => argumentLookUp(argumentHmac(key, value), null)) : []
    }),
    notices,
    isAbout({ id, payload }) {
      const text = canonicalValue(textOf(quarantine, id, payload))
      return clues.some((clue) => text.includes(clue))
    },
  }
}

/** Values by which somebody can be named: of these, arguments and illegible rows are looked through. */
const NAMING: readonly Category[] = ['user.contact', 'user.unique_id', 'user.identity_verification']

function valuesOf({ records }: PersonTraces, keys: KeyStore): string[] {
  return records.flatMap(({ home, sealed }) => {
    const key = keys.dataKeyOf(home)
    if (!key) return []
    return Object.entries(sealed)
      .filter(([category]) => coveredByAny(NAMING, category))
      .flatMap(([category, bytes]) => {
        const plain = open(key, [home, category], Buffer.from(bytes, 'base64')).toString('utf8')
        const values = Object.values(JSON.parse(plain) as Record<string, unknown>)
        return values.filter((value) => typeof value === 'string')
      })
  })
}

function textOf(key: Uint8Array, id: string, payload: Uint8Array): string {
  try {
    return open(key, ['quarantine', id], payload).toString('utf8')
  } catch (error) {
    // Sealed by an installation that is no more: nobody can read it.
    if (error instanceof SealError) return ''
    throw error
  }
}
