import { consentAt } from '../../domain/privacy/consent.ts'
import { parseVector } from '../../domain/privacy/consent-vector.ts'
import type { ProfileStore } from '../../domain/profiles/profile-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Ingest } from './ingest.ts'

const DEVICES = 'web'

/**
 * Honours the signal of W3C Global Privacy Control for the person whom a request acts for: it is on record before anything
 * is read for that request, so this very answer is decided by it, and so is every later one about that person, on
 * whatever device. Where it stands already, nothing is added.
 */
export class GlobalPrivacyControl {
  readonly #ingest: Pick<Ingest, 'acceptLive'>
  readonly #profiles: Pick<ProfileStore, 'load'>

  constructor(ingest: Pick<Ingest, 'acceptLive'>, profiles: Pick<ProfileStore, 'load'>) {
    this.#ingest = ingest
    this.#profiles = profiles
  }

  /**
   * @param subjects the person, and the visitor of the device where it is known as another.
   * @param entity the client whose request carried the signal.
   * @returns of how many it was not on record before.
   */
  async honour(subjects: readonly SubjectId[], entity: string, now: Instant): Promise<number> {
    const rows = await this.#profiles.load(subjects, new Set())
    const open = [
      ...new Map([...rows.values()].map((row) => [row.subjectId, row])).values(),
    ].filter(({ consent }) => !parseVector(consentAt(consent, now)).signals.has('gpc'))
    for (const { subjectId } of open)
      await this.#ingest.acceptLive(
        DEVICES,
        [{ type: 'signals', identifiers: [], gpc: '1', collectionPoint: entity }],
        { verified: false, subject: subjectId, entity },
      )
    return open.length
  }
}
