import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { nextAttempt } from '../../../src/domain/delivery/attempts.ts'
import type { OutboxMessage } from '../../../src/domain/delivery/outbox.ts'
import { openMessage, sealMessage } from '../../../src/domain/delivery/seal-message.ts'
import { newWebhookSecret, signedHeaders } from '../../../src/domain/delivery/webhook.ts'
import { HOUR, SECOND } from '../../../src/kernel/time.ts'

const filled = (byte: number) => ({ bytes: (length: number) => new Uint8Array(length).fill(byte) })

describe('the signature of a message', () => {
  test('is the one of the published vector of Standard Webhooks', () => {
    // standard-webhooks/standard-webhooks, libraries/javascript/src/webhook.test.ts: "sign function works"
    const headers = signedHeaders(
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1_614_265_330_000,
      '{"test": 2432232314}',
      ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    )
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  test('is accepted by whoever holds either secret, and by nobody else', () => {
    const [one, two, other] = [1, 2, 3].map((byte) => newWebhookSecret(filled(byte)))
    const headers = signedHeaders('m-1', Date.now(), '{"a":1}', [one ?? '', two ?? ''])
    expect(new Webhook(one ?? '').verify('{"a":1}', headers)).toEqual({ a: 1 })
    expect(new Webhook(two ?? '').verify('{"a":1}', headers)).toEqual({ a: 1 })
    expect(() => new Webhook(other ?? '').verify('{"a":1}', headers)).toThrow()
    expect(() => new Webhook(one ?? '').verify('{"a":2}', headers)).toThrow()
  })
})

test('attempts are spaced more and more, by up to a fifth at random, and end after about three days', () => {
  const byte = fc.integer({ min: 0, max: 255 })
  fc.assert(
    fc.property(byte, byte, (one, two) => {
      let at = 0
      let before = 0
      for (let failed = 1; failed <= 9; failed += 1) {
        const next = nextAttempt(failed, at, filled(failed % 2 ? one : two)) ?? Number.NaN
        const pause = next - at
        expect(pause).toBeGreaterThanOrEqual(4 * SECOND)
        expect(pause).toBeLessThanOrEqual(29 * HOUR)
        expect(pause).toBeGreaterThan(before * 0.65)
        before = pause
        at = next
      }
      expect(at).toBeGreaterThan(60 * HOUR)
      expect(at).toBeLessThan(92 * HOUR)
      expect(nextAttempt(10, at, filled(one))).toBeNull()
    }),
  )
})

describe('a message at rest', () => {
  const message: OutboxMessage = {
    id: '01890000-0000-7000-8000-000000000001',
    kind: 'request.verify',
    to: { audience: null },
    data: { email: 'vic@example.com' },
    subject: '01890000-0000-7000-8000-00000000000a',
    needs: null,
    fields: [],
    at: 0,
  }
  const keys = (dataKey: Uint8Array | null) => ({
    dataKeyOf: () => dataKey,
    installationKey: () => new Uint8Array(32).fill(9),
  })
  const own = new Uint8Array(32).fill(1)

  test('is opened by the key of the person whose data it holds, and is gone with it', () => {
    const sealed = sealMessage(message, keys(own), filled(5))
    if (!sealed) throw new Error('not sealed')
    expect(Buffer.from(sealed.sealed).includes('vic@')).toBe(false)
    expect(openMessage(sealed, keys(own))).toEqual({
      callback: null,
      body: '{"type":"request.verify","timestamp":"1970-01-01T00:00:00.000Z","data":{"email":"vic@example.com"}}',
    })
    expect(openMessage(sealed, keys(null))).toBeNull()
    expect(sealMessage(message, keys(null), filled(5))).toBeNull()
  })

  test('outlives the person where it is about nobody that is kept', () => {
    const notice = { ...message, kind: 'subject.erased' as const, subject: null }
    const sealed = sealMessage(notice, keys(own), filled(5))
    if (!sealed) throw new Error('not sealed')
    expect(openMessage(sealed, keys(null))?.body).toContain('subject.erased')
  })

  test('does not open as another message', () => {
    const sealed = sealMessage(message, keys(own), filled(5))
    if (!sealed) throw new Error('not sealed')
    expect(() => openMessage({ ...sealed, id: 'another' }, keys(own))).toThrow('does not open')
  })
})
