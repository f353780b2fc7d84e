import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { SealedMessage } from '../delivery/outbox.ts'
import type {
  SubjectRequest,
  SubjectRequestStatus,
  SubjectRequestType,
} from '../privacy/subject-request.ts'

/** A request with what is not in the register itself. Sealed bytes are destroyed when it is settled. */
export interface HeldRequest extends SubjectRequest {
  /** Counts its steps: of two that are taken from the same one, the second is lost. */
  readonly version: number
  /** Whose it is; null: nobody knows (yet, or any more). */
  readonly subject: SubjectId | null
  /** By what the person is to be found; null: nothing is left to look for. */
  readonly identities: Uint8Array | null
  /** Where to tell of its status; null: nowhere. */
  readonly callbacks: Uint8Array | null
}

/** A link that somebody was given. Its token is stored as SHA-256 only. */
export interface RequestLink {
  readonly hash: Uint8Array
  readonly requestId: string
  /** `confirm`: once, sets the request going. `package`: fetches the answer, until it expires. */
  readonly kind: 'confirm' | 'package'
  readonly expiresAt: Instant
}

/** The answer to a request, sealed under the person's data key, so that it goes with the person. */
export interface SealedPackage {
  readonly requestId: string
  readonly subject: SubjectId
  readonly sealed: Uint8Array
  readonly expiresAt: Instant
}

export interface SubjectRequestFilter {
  readonly status: SubjectRequestStatus | null
  /** Only open ones that were due before. */
  readonly overdueAt: Instant | null
  /** Only those that wait or are being met; absent: all. */
  readonly isOpen?: boolean
  /** Null: of everybody. */
  readonly subject: SubjectId | null
  readonly limit: number
}

/** What a step of a request leaves behind, all of it or nothing. */
export interface RequestStep {
  /** As it is from now on, with the version that it had. */
  readonly request: HeldRequest
  readonly messages?: readonly SealedMessage[]
  readonly link?: RequestLink
  readonly package?: SealedPackage
}

/**
 * The register of what people ask for about their own data, and what belongs to it.
 * An implementation MUST take each step in one transaction and only from the version that it names, whatever other
 * gateways do at the same time; MUST hand out a `confirm` link once; MUST answer for subjects that were merged since by
 * their root; and MUST forget identities and callbacks of what is settled.
 */
export interface SubjectRequestStore {
  /**
   * Adds it, unless the same client sent one under this id, or the same person has an open one of this type that came
   * without such an id: then that one comes back, and nothing is added. @returns it as it stands.
   */
  open(request: HeldRequest, messages: readonly SealedMessage[]): Promise<HeldRequest>
  /** False where somebody else was faster: nothing has changed. */
  step(step: RequestStep): Promise<boolean>
  find(id: string): Promise<HeldRequest | null>
  findByClient(clientId: string, clientRequestId: string): Promise<HeldRequest | null>
  /** Whether it is this person's, also where subjects were merged since. */
  isOf(id: string, subject: SubjectId): Promise<boolean>
  /** Newest first. */
  list(filter: SubjectRequestFilter): Promise<readonly HeldRequest[]>
  /** Pending ones whose person is still to be looked for, oldest first. */
  unresolved(limit: number): Promise<readonly HeldRequest[]>
  /** In progress since before, oldest first: what a crash has left. */
  stuck(before: Instant, limit: number): Promise<readonly HeldRequest[]>
  /** Pending ones that came before and were not confirmed. */
  unconfirmed(before: Instant, limit: number): Promise<readonly HeldRequest[]>
  /** Confirm links of a person that can still be used. */
  liveLinks(subject: SubjectId, now: Instant): Promise<number>
  /** The request of a valid link of this kind; a `confirm` link is used up by it. */
  follow(hash: Uint8Array, kind: RequestLink['kind'], now: Instant): Promise<HeldRequest | null>
  /** Replaces the links of this kind. */
  relink(link: RequestLink): Promise<void>
  package(requestId: string, now: Instant): Promise<SealedPackage | null>
  /** The newest request of this type and person whose package is still there. */
  answered(subject: SubjectId, type: SubjectRequestType, now: Instant): Promise<HeldRequest | null>
  /** Removes packages and links that have expired; how many. */
  discardExpired(now: Instant): Promise<number>
  /** Open ones, and those of them whose deadline has passed. */
  count(now: Instant): Promise<{ readonly open: number; readonly overdue: number }>
}
