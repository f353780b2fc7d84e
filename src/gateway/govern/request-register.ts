import { isOpen, type SubjectRequest } from '../../domain/privacy/subject-request.ts'
import type {
  HeldRequest,
  SubjectRequestStore,
} from '../../domain/profiles/subject-request-store.ts'
import { isUuid } from '../../kernel/ids.ts'
import { limits } from '../../kernel/limits.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'

/** A line of the register as operators read it: without the reason of an extension, which is free text. */
export interface RegisterLine extends Omit<SubjectRequest, 'extension'> {
  readonly isExtended: boolean
  readonly isOverdue: boolean
}

/** The register of what people ask for, for those who run the gateway. It says what is due and names nobody. */
export class RequestRegister {
  readonly #store: Pick<SubjectRequestStore, 'list' | 'find'>
  readonly #recorder: Pick<Recorder, 'recordAction'>
  readonly #clock: Clock

  constructor(
    store: Pick<SubjectRequestStore, 'list' | 'find'>,
    recorder: Pick<Recorder, 'recordAction'>,
    clock: Clock,
  ) {
    this.#store = store
    this.#recorder = recorder
    this.#clock = clock
  }

  /** Newest first. @param which `overdue`: open ones whose deadline has passed. @throws Refusal BAD_USER_INPUT */
  async list(which: 'all' | 'open' | 'overdue', limit: number): Promise<readonly RegisterLine[]> {
    if (!Number.isInteger(limit) || limit < 1 || limit > limits.pageSize)
      throw new Refusal('BAD_USER_INPUT', `Ask for 1 to ${limits.pageSize} requests.`)
    const found = await this.#store.list({
      status: null,
      overdueAt: which === 'overdue' ? this.#clock.now() : null,
      isOpen: which !== 'all',
      subject: null,
      limit,
    })
    await this.#recorder.recordAction({ action: 'request.list', requests: found.length })
    return found.map((one) => this.#line(one))
  }

  /** @throws Refusal NOT_FOUND */
  async show(id: string): Promise<RegisterLine> {
    const found = isUuid(id) ? await this.#store.find(id) : null
    if (found === null) throw new Refusal('NOT_FOUND', 'There is no such request.')
    await this.#recorder.recordAction({ action: 'request.show', request: id })
    return this.#line(found)
  }

  #line(held: HeldRequest): RegisterLine {
    const { id, clientRequestId, type, status, regulation, clientId } = held
    const { submittedAt, receivedAt, dueAt, settledAt } = held
    return {
      id,
      clientRequestId,
      type,
      status,
      regulation,
      clientId,
      submittedAt,
      receivedAt,
      dueAt,
      settledAt,
      isExtended: held.extension !== null,
      isOverdue: isOpen(held) && dueAt < this.#clock.now(),
    }
  }
}
