import type { Config } from './config.ts'
import { signatureHeaders } from './domain/delivery/callback-signer.ts'
import { Deliver } from './gateway/disclose/deliver.ts'
import { Deliveries } from './gateway/govern/deliveries.ts'
import { Endpoints } from './gateway/govern/endpoints.ts'
import type { Recorder } from './gateway/scope/recorder.ts'
import { PinnedPoster } from './outbound/delivery/pinned-poster.ts'
import { clock, randomness, type Stores } from './stores.ts'

/** Everything that has to do with telling others, over one composed gateway. */
export interface DeliveryDesk {
  readonly deliver: Deliver
  readonly endpoints: Endpoints
  readonly deliveries: Deliveries
}

export function deliveryDesk(
  { mode }: Pick<Config, 'mode'>,
  stores: Stores,
  recorder: Recorder,
): DeliveryDesk {
  const { deliveryQueue: queue, endpoints: store, clients, profiles, keys, policy } = stores
  const { callbackSigner: signer } = stores
  const poster = new PinnedPoster({ loopback: mode === 'development' })
  return {
    deliver: new Deliver({
      queue,
      endpoints: store,
      profiles,
      keys,
      policy,
      recorder,
      poster,
      signCallback: (body) => (signer === null ? {} : signatureHeaders(signer, body)),
      clock,
      randomness,
    }),
    endpoints: new Endpoints({ store, clients, poster, keys, recorder, clock, randomness }),
    deliveries: new Deliveries(queue, recorder, clock),
  }
}
