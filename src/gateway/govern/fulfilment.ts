import type {
  PackageType,
  Regulation,
  SubjectRequestType,
} from '../../domain/privacy/subject-request.ts'
import type { HeldRequest } from '../../domain/profiles/subject-request-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { WhoAsks } from './request-letters.ts'

/** What meets requests, and finds whose they are; each does once what it is asked for twice. */
export interface Fulfilment {
  /** Null: nobody, or nobody whom a trusted source has named so. */
  personOf(who: WhoAsks): Promise<SubjectId | null>
  /** The e-mail address on record that a trusted source has verified; null: there is none. */
  emailOf(subject: SubjectId): Promise<string | null>
  /** The answer to a request, sealed under the person's key; null: the person is no more. */
  packageOf(request: string, subject: SubjectId, type: PackageType): Promise<Uint8Array | null>
  erase(subject: SubjectId): Promise<void>
}

export type By = NonNullable<Parameters<Recorder['recordAction']>[1]>

/** A request and, where it was just answered, the address of the answer. */
export interface Met {
  readonly request: HeldRequest
  readonly packageUrl: string | null
}

/** How a request came in from another system. */
export interface Incoming {
  readonly type: SubjectRequestType
  readonly regulation: Regulation
  /** When the person asked there; null: just now, here. */
  readonly submittedAt: Instant | null
  readonly clientRequestId: string | null
  readonly callbacks: readonly string[]
}
