import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { linkTokenHash } from '../../domain/privacy/link-token.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { open, seal } from '../../domain/privacy/seal.ts'
import type { PackageType } from '../../domain/privacy/subject-request.ts'
import type { SubjectRequestStore } from '../../domain/profiles/subject-request-store.ts'
import type { Randomness, SubjectId } from '../../kernel/ids.ts'
import type { Clock } from '../../kernel/time.ts'
import { actorOf } from '../scope/actor.ts'
import type { Audiences } from '../scope/audiences.ts'
import type { Recorder } from '../scope/recorder.ts'
import { type PackageFile, packageFiles } from './package-files.ts'
import { asPerson, type Packaging } from './person-package.ts'

const PURPOSE = 'SUBJECT_RIGHTS'

export interface PackageVaultParts {
  readonly packaging: Packaging
  readonly store: Pick<SubjectRequestStore, 'follow' | 'package'>
  readonly keys: KeyStore
  readonly policy: Policy
  readonly recorder: Recorder
  readonly audiences: Audiences
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Packages from the moment at which they are made to the one at which their person fetches them: sealed under the person's key. */
export class PackageVault {
  readonly #parts: PackageVaultParts

  constructor(parts: PackageVaultParts) {
    this.#parts = parts
  }

  /** The sealed package of a person; null where there is nobody (any more). */
  async made(request: string, subject: SubjectId, type: PackageType): Promise<Uint8Array | null> {
    const { packaging, keys, randomness } = this.#parts
    const content = await packaging.packageOf(subject, type)
    const key = keys.dataKeyOf(subject)
    if (content === null || key === null) return null
    return seal(key, ['package', request], JSON.stringify(packageFiles(content)), randomness)
  }

  /** What a link leads to; null: it leads nowhere (any more). @throws Refusal AUDIT_UNAVAILABLE */
  async fetched(
    token: string,
    requestId: string,
  ): Promise<{ readonly type: string; readonly files: readonly PackageFile[] } | null> {
    const { store, keys, clock } = this.#parts
    const now = clock.now()
    const hash = linkTokenHash(token)
    const request = hash && (await store.follow(hash, 'package', now))
    const kept = request && (await store.package(request.id, now))
    const key = kept && keys.dataKeyOf(kept.subject)
    if (!key) return null
    const text = open(key, ['package', request.id], kept.sealed).toString('utf8')
    await this.#record(request.id, kept.subject, requestId)
    return { type: request.type, files: JSON.parse(text) as PackageFile[] }
  }

  async #record(request: string, subject: SubjectId, requestId: string): Promise<void> {
    const { keys, policy, recorder, audiences } = this.#parts
    const purpose = policy.purposes.get(PURPOSE)
    const ref = keys.auditRefOf(subject)
    await recorder.record({
      requestId,
      phase: 'decision',
      outcome: 'permit',
      actor: actorOf(asPerson(subject), audiences),
      audience: 'subject-rights',
      operation: { documentId: null, name: null },
      purpose: PURPOSE,
      purposeIri: purpose?.dpv ?? null,
      legalBasis: purpose?.legalBasis ?? null,
      sets: [{ fields: [{ path: 'package', treatment: 'CLEAR' }] }],
      subjects: ref === null ? [] : [{ ref, set: 0, consent: null }],
      argsHmac: null,
      action: { action: 'package.fetch', request },
    })
  }
}
