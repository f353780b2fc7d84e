import type { OutboxMessage, SealedMessage } from '../../domain/delivery/outbox.ts'
import { sealMessage } from '../../domain/delivery/seal-message.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { open, seal } from '../../domain/privacy/seal.ts'
import type { HeldRequest } from '../../domain/profiles/subject-request-store.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'

export const OPENDSR_VERSION = '2.0'
const KEY = 'subject-request'

/** By what a person is to be found: identifiers, or the subject whom staff has named. */
export interface WhoAsks {
  readonly identities: readonly { readonly kind: string; readonly value: string }[]
  readonly subject: SubjectId | null
}

/** What is written about requests: to whoever sent them, to the person, and sealed for later. */
export class RequestLetters {
  readonly #keys: KeyStore
  readonly #randomness: Randomness

  constructor(keys: KeyStore, randomness: Randomness) {
    this.#keys = keys
    this.#randomness = randomness
  }

  sealed(id: string, part: 'identities' | 'callbacks', value: unknown): Uint8Array {
    const key = this.#keys.installationKey(KEY)
    return seal(key, [part, id], JSON.stringify(value), this.#randomness)
  }

  whoAsks({ id, identities }: HeldRequest): WhoAsks | null {
    return this.#opened(id, 'identities', identities) as WhoAsks | null
  }

  /** To every address that the request named: the body of OpenDSR 2.0, section 8.6. */
  statusOf(request: HeldRequest, at: Instant): SealedMessage[] {
    const urls = (this.#opened(request.id, 'callbacks', request.callbacks) ?? []) as string[]
    return urls.flatMap((url) => {
      const to = { client: request.clientId, callback: url }
      const data = { ...statusBody(request), status_callback_url: url }
      return this.#message({ kind: 'request.status', to, data, subject: null, fields: [], at })
    })
  }

  /** To the house, which writes to the person: how to reach them, and the link by which they say that it is them. */
  invitation(
    request: HeldRequest & { readonly subject: SubjectId },
    letter: { readonly email: string; readonly link: string; readonly expiresAt: Instant },
    at: Instant,
  ): SealedMessage[] {
    const { email, link, expiresAt } = letter
    return this.#message({
      kind: 'request.verify',
      to: { audience: null },
      data: {
        request: request.id,
        type: request.type,
        email,
        link,
        expires: isoInstant(expiresAt),
      },
      subject: request.subject,
      fields: [{ path: 'contact.email', treatment: 'CLEAR' }],
      at,
    })
  }

  #message(draft: Omit<OutboxMessage, 'id' | 'needs'>): SealedMessage[] {
    const message = { ...draft, id: uuidV7(draft.at, this.#randomness), needs: null }
    const sealed = sealMessage(message, this.#keys, this.#randomness)
    return sealed ? [sealed] : []
  }

  #opened(id: string, part: string, sealed: Uint8Array | null): unknown {
    if (sealed === null) return null
    const plain = open(this.#keys.installationKey(KEY), [part, id], sealed)
    return JSON.parse(plain.toString('utf8')) as unknown
  }
}

/** What a client is told of its request. */
export function statusBody(request: HeldRequest): Readonly<Record<string, string>> {
  return {
    controller_id: request.clientId,
    expected_completion_time: isoInstant(request.dueAt),
    subject_request_id: request.clientRequestId ?? request.id,
    request_status: request.status,
    api_version: OPENDSR_VERSION,
  }
}
