import type { TrailSubjects } from '../../domain/audit/trail-subjects.ts'
import type { SealedMessage } from '../../domain/delivery/outbox.ts'
import type { NoticeKind, RecipientNotices, Recipients } from '../../domain/delivery/recipients.ts'
import { sealMessage } from '../../domain/delivery/seal-message.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Audiences } from '../scope/audiences.ts'

export interface TrailNoticesParts {
  readonly recipients: Recipients
  readonly subjects: TrailSubjects
  readonly keys: KeyStore
  readonly audiences: Audiences
  readonly randomness: Randomness
}

/** Notices to those to whom the trail says that something of a person was disclosed. */
export class TrailNotices implements RecipientNotices {
  readonly #parts: TrailNoticesParts

  constructor(parts: TrailNoticesParts) {
    this.#parts = parts
  }

  async of(
    kind: NoticeKind,
    subject: SubjectId,
    purpose: string | null,
    at: Instant,
  ): Promise<readonly SealedMessage[]> {
    const { recipients, subjects, keys, audiences, randomness } = this.#parts
    const refs = (await subjects.of(subject)).flatMap(({ id }) => keys.auditRefOf(id) ?? [])
    return (await recipients.toldOf(refs)).flatMap((audience) => {
      const profile = audiences.of(audience).of(subject)
      const message = {
        id: uuidV7(at, randomness),
        kind,
        to: { audience },
        data: purpose === null ? { profile } : { profile, purpose },
        subject,
        needs: null,
        fields: [],
        at,
      }
      return sealMessage(message, keys, randomness) ?? []
    })
  }
}
