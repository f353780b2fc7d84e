import {
  type Delivery,
  type DeliveryQueue,
  type DeliveryState,
  deliveryStates,
} from '../../domain/delivery/delivery-queue.ts'
import { isUuid } from '../../kernel/ids.ts'
import { limits } from '../../kernel/limits.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { EndpointContext } from './endpoints.ts'

/** What became of messages, and a second chance for those that nobody took. Contents are shown to nobody. */
export class Deliveries {
  readonly #queue: DeliveryQueue
  readonly #recorder: Recorder
  readonly #clock: Clock

  constructor(queue: DeliveryQueue, recorder: Recorder, clock: Clock) {
    this.#queue = queue
    this.#recorder = recorder
    this.#clock = clock
  }

  /** Newest first. @throws Refusal BAD_USER_INPUT */
  async list(
    state: string | null,
    limit: number,
    context: EndpointContext = {},
  ): Promise<readonly Delivery[]> {
    if (!Number.isInteger(limit) || limit < 1 || limit > limits.pageSize)
      throw new Refusal('BAD_USER_INPUT', `Ask for 1 to ${limits.pageSize} deliveries.`)
    const found = await this.#queue.list({ state: state === null ? null : stateOf(state), limit })
    await this.#recorder.recordAction(
      { action: 'delivery.list', deliveries: found.length },
      context,
    )
    return found
  }

  /** One message on its way to each of its endpoints. @throws Refusal NOT_FOUND */
  async show(id: string, context: EndpointContext = {}): Promise<readonly Delivery[]> {
    const found = isUuid(id) ? await this.#queue.find(id) : []
    if (found.length === 0) throw new Refusal('NOT_FOUND', 'There is no such delivery.')
    await this.#recorder.recordAction({ action: 'delivery.show', message: id }, context)
    return found
  }

  /** Sends what is dead of a message again, under its old id, to whoever takes it by now. @throws Refusal NOT_FOUND, CONFLICT */
  async replay(id: string, context: EndpointContext = {}): Promise<number> {
    const found = isUuid(id) ? await this.#queue.find(id) : []
    if (found.length === 0) throw new Refusal('NOT_FOUND', 'There is no such delivery.')
    await this.#recorder.recordAction({ action: 'delivery.replay', message: id }, context)
    const again = await this.#queue.replay(id, this.#clock.now())
    if (again === 0)
      throw new Refusal('CONFLICT', 'Nothing of it is undeliverable, or still nobody takes it.')
    return again
  }
}

function stateOf(text: string): DeliveryState {
  const state = deliveryStates.find((one) => one === text)
  if (!state) throw new Refusal('BAD_USER_INPUT', `A state is one of ${deliveryStates.join(', ')}.`)
  return state
}
