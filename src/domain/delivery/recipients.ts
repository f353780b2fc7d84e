import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { noticeKinds, SealedMessage } from './outbox.ts'

export type NoticeKind = (typeof noticeKinds)[number]

/** Who received what, as far as the trail says. */
export interface Recipients {
  /** Audiences of partners to whom something was disclosed of whoever stands under these references, up to now. */
  toldOf(refs: readonly string[]): Promise<readonly string[]>
}

/** Something happened to a person that everybody who received something of them has to hear (GDPR Article 19). */
export interface RecipientNotices {
  /** Messages for the transaction in which it happens, each under the pseudonym by which its recipient knows the person. */
  of(
    kind: NoticeKind,
    subject: SubjectId,
    purpose: string | null,
    at: Instant,
  ): Promise<readonly SealedMessage[]>
}
