import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../../kernel/refusal.ts'

/**
 * Bodies come as they are: what is refused unread can not grow while it is unpacked, and the largest query is small.
 * 415 with `Accept-Encoding: identity`, as RFC 9110 §12.5.3 has it.
 */
export function refuseEncodedBodies(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const encoding = request.headers['content-encoding']
    if (encoding === undefined || encoding.toLowerCase() === 'identity') return done()
    void reply.header('accept-encoding', 'identity')
    done(new Refusal('UNSUPPORTED_MEDIA_TYPE', 'Send the body without Content-Encoding.'))
  })
}

/**
 * JSON in UTF-8 (RFC 8259 §8.1), and nothing else unless a route says so. Bytes that are no UTF-8 would be replaced as they
 * are decoded, and two bodies that differ be taken for one. `__proto__` and `constructor.prototype` are refused.
 */
export function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer
    if (!isUtf8(bytes)) return done(new Refusal('BAD_USER_INPUT', 'The body is no UTF-8.'))
    void parse(request, bytes.toString('utf8'), (error, value) => {
      // Its own message quotes what it choked on.
      if (error) done(new Refusal('BAD_USER_INPUT', 'The body is no JSON that is taken here.'))
      else done(null, value)
    })
  })
}
