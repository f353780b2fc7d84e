import type { Randomness } from '../../kernel/ids.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { KeyStore } from '../privacy/key-store.ts'
import { open, seal } from '../privacy/seal.ts'
import type { OutboxMessage, SealedMessage } from './outbox.ts'

/** What is sealed: the exact bytes that are sent, and where to, if the message itself says so. */
export interface Letter {
  readonly body: string
  readonly callback: string | null
}

type Keys = Pick<KeyStore, 'dataKeyOf' | 'installationKey'>

/** A person's message opens with their data key, so destroying that reaches it in every copy. Null: they have none any more. */
function keyOf(keys: Keys, { subject }: Pick<SealedMessage, 'subject'>): Uint8Array | null {
  return subject === null ? keys.installationKey('delivery') : keys.dataKeyOf(subject)
}

/** Null where the person that it is about has no key any more: there is nothing left to tell. */
export function sealMessage(
  message: OutboxMessage,
  keys: Keys,
  randomness: Randomness,
): SealedMessage | null {
  const { data, to, ...rest } = message
  const key = keyOf(keys, message)
  if (key === null) return null
  const callback = 'callback' in to ? to.callback : null
  const letter: Letter = { body: bodyOf(message), callback }
  return {
    ...rest,
    audience: 'audience' in to ? to.audience : null,
    callbackOf: 'client' in to ? to.client : null,
    sealed: seal(key, ['delivery', message.id], JSON.stringify(letter), randomness),
  }
}

/** Null where the key is gone. @throws SealError where the row was altered. */
export function openMessage(
  message: Pick<SealedMessage, 'id' | 'subject' | 'sealed'>,
  keys: Keys,
): Letter | null {
  const key = keyOf(keys, message)
  if (key === null) return null
  return JSON.parse(open(key, ['delivery', message.id], message.sealed).toString('utf8')) as Letter
}

/** The body that Standard Webhooks recommends; a callback has the form of its own protocol. */
function bodyOf({ kind, to, data, at }: OutboxMessage): string {
  return JSON.stringify('callback' in to ? data : { type: kind, timestamp: isoInstant(at), data })
}
