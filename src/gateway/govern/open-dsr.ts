import { Ajv } from 'ajv'
import type { Principal } from '../../domain/access/principal.ts'
import { type CallbackSigner, signatureHeaders } from '../../domain/delivery/callback-signer.ts'
import type { Poster } from '../../domain/delivery/poster.ts'
import {
  type LinkedType,
  linkedTypes,
  type Regulation,
  regulations,
} from '../../domain/privacy/subject-request.ts'
import type {
  HeldRequest,
  SubjectRequestStore,
} from '../../domain/profiles/subject-request-store.ts'
import { isUuid } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, type Instant, isoInstant, MINUTE } from '../../kernel/time.ts'
import { actorOf } from '../scope/actor.ts'
import type { Audiences } from '../scope/audiences.ts'
import type { Denials } from '../scope/denials.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { By, Incoming } from './fulfilment.ts'
import { OPENDSR_VERSION, statusBody } from './request-letters.ts'
import type { SubjectRequests } from './subject-requests.ts'

/** OpenDSR 2.0, section 5: of its kinds of identity those that a trusted source can have verified. */
const IDENTITY_KINDS: Readonly<Record<string, readonly string[]>> = {
  controller_customer_id: ['userId', 'crmId'],
  email: ['email'],
}
const MOST_CALLBACKS = 5
const RFC_3339 =
  '^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?([Zz]|[+-]\\d\\d:\\d\\d)$'

/** By how much the clock of whoever hands a request over may be ahead of ours. */
const CLOCK_AHEAD = 5 * MINUTE

interface OpenDsrRequest {
  readonly regulation: Regulation
  readonly submitted_time: string
  readonly subject_request_id: string
  readonly subject_request_type: LinkedType
  readonly subject_identities?: readonly {
    readonly identity_type: string
    readonly identity_value: string
  }[]
  readonly status_callback_urls?: readonly string[]
}

const isRequest = new Ajv({ allErrors: false }).compile<OpenDsrRequest>({
  type: 'object',
  required: ['regulation', 'subject_request_id', 'subject_request_type', 'submitted_time'],
  properties: {
    regulation: { enum: regulations },
    subject_request_id: {
      type: 'string',
      pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
    },
    subject_request_type: { enum: linkedTypes },
    submitted_time: { type: 'string', pattern: RFC_3339 },
    api_version: { type: 'string', maxLength: 10 },
    subject_identities: {
      type: 'array',
      minItems: 1,
      maxItems: 10,
      items: {
        type: 'object',
        required: ['identity_type', 'identity_value', 'identity_format'],
        properties: {
          identity_type: { enum: Object.keys(IDENTITY_KINDS) },
          identity_value: { type: 'string', minLength: 1, maxLength: 512 },
          identity_format: { const: 'raw' },
        },
      },
    },
    status_callback_urls: {
      type: 'array',
      maxItems: MOST_CALLBACKS,
      uniqueItems: true,
      items: { type: 'string', maxLength: 2_048 },
    },
  },
})

/** An answer and the headers that vouch for its bytes. */
export interface SignedAnswer {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export interface OpenDsrParts {
  /** Null: there is no certificate, so nothing is taken this way. */
  readonly signer: CallbackSigner | null
  readonly requests: SubjectRequests
  readonly store: SubjectRequestStore
  readonly poster: Pick<Poster, 'objectionTo'>
  readonly audiences: Audiences
  readonly denials: Denials
  readonly recorder: Recorder
  readonly clock: Clock
  readonly origin: string
}

/** Requests of people as other systems of the controller hand them over: OpenDSR 2.0 (github.com/opengdpr/OpenDSR). */
export class OpenDsr {
  readonly #parts: OpenDsrParts

  constructor(parts: OpenDsrParts) {
    this.#parts = parts
  }

  /** Section 6. @throws Refusal NOT_FOUND without a certificate */
  discovery(): Readonly<Record<string, unknown>> {
    this.#signer()
    return {
      api_version: OPENDSR_VERSION,
      supported_identities: Object.keys(IDENTITY_KINDS).map((identity_type) => ({
        identity_type,
        identity_format: 'raw',
      })),
      supported_subject_request_types: linkedTypes,
      processor_certificate: `${this.#parts.origin}/opendsr/certificate.pem`,
    }
  }

  /** PEM. @throws Refusal NOT_FOUND */
  certificate(): string {
    return this.#signer().certificate
  }

  /**
   * Section 7. The answer never depends on whether anybody is known by these identities.
   * @throws Refusal FORBIDDEN, BAD_USER_INPUT naming the field, CONFLICT
   */
  async open(principal: Principal, requestId: string, raw: Uint8Array): Promise<SignedAnswer> {
    this.#signer()
    const by = await this.#admit(principal, requestId)
    const asked = requestIn(raw)
    const callbacks = asked.status_callback_urls ?? []
    for (const url of callbacks) {
      const objection = this.#parts.poster.objectionTo(url)
      if (objection !== null)
        throw new Refusal('BAD_USER_INPUT', `An address of status_callback_urls ${objection}.`)
    }
    const { subject_request_type: type, subject_request_id: clientRequestId, regulation } = asked
    const submittedAt = this.#submittedAt(asked)
    const incoming = { type, regulation, submittedAt, clientRequestId, callbacks }
    const held = await this.#taken(principal, incoming, asked, by)
    if (held.type !== type || held.regulation !== regulation)
      throw new Refusal(
        'CONFLICT',
        'This subject_request_id stands for a request of another type or regulation.',
      )
    const { request_status: _status, api_version: _version, ...body } = statusBody(held)
    return this.#signed({
      ...body,
      received_time: isoInstant(held.receivedAt),
      encoded_request: Buffer.from(raw).toString('base64'),
    })
  }

  /** Section 8. @throws Refusal FORBIDDEN, NOT_FOUND */
  async status(principal: Principal, requestId: string, id: string): Promise<SignedAnswer> {
    const by = await this.#admit(principal, requestId)
    const held = await this.#known(principal, id)
    await this.#parts.recorder.recordAction({ action: 'request.status', request: held.id }, by)
    return this.#signed(statusBody(held))
  }

  /** Section 9. @throws Refusal FORBIDDEN, NOT_FOUND, CONFLICT where it is not pending any more */
  async cancel(principal: Principal, requestId: string, id: string): Promise<SignedAnswer> {
    const by = await this.#admit(principal, requestId)
    const held = await this.#known(principal, id)
    const cancelled = await this.#parts.requests.cancel(held, by)
    return this.#signed({
      controller_id: cancelled.clientId,
      subject_request_id: id,
      received_time: isoInstant(this.#parts.clock.now()),
      api_version: OPENDSR_VERSION,
    })
  }

  /** What lies ahead by no more than clocks differ was asked just now. @throws Refusal BAD_USER_INPUT */
  #submittedAt({ submitted_time }: OpenDsrRequest): Instant {
    const [at, now] = [Date.parse(submitted_time), this.#parts.clock.now()]
    if (Number.isNaN(at) || at < 0 || at > now + CLOCK_AHEAD)
      throw new Refusal('BAD_USER_INPUT', 'The field submitted_time is no time in the past.')
    return Math.min(at, now)
  }

  async #taken(
    { subject }: Principal,
    incoming: Incoming & { readonly type: LinkedType },
    { subject_identities: given }: OpenDsrRequest,
    by: By,
  ): Promise<HeldRequest> {
    // A token that speaks for one person is enough, and speaks for no other.
    if (subject !== null) {
      if (given !== undefined)
        throw new Refusal(
          'FORBIDDEN',
          'This token speaks for one person; leave subject_identities out.',
        )
      return (await this.#parts.requests.take({ ...incoming, subject }, by)).request
    }
    if (given === undefined) throw new Refusal('BAD_USER_INPUT', 'subject_identities is required.')
    const identities = given.flatMap(({ identity_type, identity_value: value }) =>
      (IDENTITY_KINDS[identity_type] ?? []).map((kind) => ({ kind, value })),
    )
    const who = { identities, subject: null }
    return await this.#parts.requests.takeUnverified({ ...incoming, who }, by)
  }

  async #admit(principal: Principal, requestId: string): Promise<By> {
    const { audiences, denials, recorder } = this.#parts
    const by = {
      actor: actorOf(principal, audiences),
      audience: principal.client.audience,
      requestId,
    }
    // A visitor is whoever opens a web page: they could have mail sent to anybody.
    const isVisitor = principal.roles.includes('visitor')
    // Whoever is limited to people could name others here.
    const mayHandOver = principal.scopes.has('rights:write') && principal.subjects === null
    if (mayHandOver && !isVisitor) return by
    await denials.spend(by)
    await recorder.recordAction({ action: 'request.open' }, { ...by, refused: 'FORBIDDEN' })
    throw new Refusal('FORBIDDEN', 'This token may not hand over requests of people.')
  }

  /** A token that speaks for one person knows of that person's requests only; any other looks like none. */
  async #known({ client, subject }: Principal, id: string): Promise<HeldRequest> {
    const held = isUuid(id) ? await this.#parts.store.findByClient(client.id, id) : null
    const isTheirs = held && (subject === null || (await this.#parts.store.isOf(held.id, subject)))
    if (!held || !isTheirs) throw new Refusal('NOT_FOUND', 'There is no such request.')
    return held
  }

  #signed(content: Readonly<Record<string, unknown>>): SignedAnswer {
    const body = JSON.stringify(content)
    return { body, headers: signatureHeaders(this.#signer(), body) }
  }

  #signer(): CallbackSigner {
    const { signer } = this.#parts
    if (signer === null)
      throw new Refusal('NOT_FOUND', 'OpenDSR is not set up: the key folder holds no certificate.')
    return signer
  }
}

/** @throws Refusal BAD_USER_INPUT: it names the field, never its value. */
function requestIn(raw: Uint8Array): OpenDsrRequest {
  let content: unknown
  try {
    content = JSON.parse(Buffer.from(raw).toString('utf8'))
  } catch {
    throw new Refusal('BAD_USER_INPUT', 'The body is no JSON.')
  }
  if (isRequest(content)) return content
  const [error] = isRequest.errors ?? []
  const missing = error?.params.missingProperty as string | undefined
  const field = missing ?? error?.instancePath.slice(1).replaceAll('/', '.') ?? ''
  throw new Refusal(
    'BAD_USER_INPUT',
    `${field === '' ? 'The body' : `The field ${field}`} is missing or can not be used.`,
  )
}
