import type { FastifyInstance, FastifyRequest } from 'fastify'
import { DpopProofs } from '../../gateway/scope/dpop-proofs.ts'
import { RESOURCE_METADATA } from './oauth-metadata.ts'

/**
 * Makes every 401 say how to get in: as a bearer (RFC 6750 §3) or with a proof of a key (RFC 9449 §7.1), and where it is
 * written which server gives tokens (RFC 9728 §5.1). Addresses that ask for another credential say so themselves.
 * @param publicUrl null: the address that was asked, whose name was checked.
 */
export function challengeStrangers(app: FastifyInstance, publicUrl: string | null): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (reply.statusCode !== 401 || reply.hasHeader('www-authenticate')) return done()
    const metadata = `resource_metadata="${publicUrl ?? askedOf(request)}${RESOURCE_METADATA}"`
    const said = [`realm="bauta"`, metadata, ...errorOf(request)].join(', ')
    void reply.header('www-authenticate', [
      `Bearer ${said}`,
      `DPoP ${said}, algs="${DpopProofs.algorithms.join(' ')}"`,
    ])
    done()
  })
}

function askedOf({ headers }: FastifyRequest): string {
  return new URL(`http://${headers.host}`).origin
}

/** Whoever has shown nothing has made no error (RFC 6750 §3.1). */
function errorOf({ headers }: FastifyRequest): readonly string[] {
  return headers.authorization === undefined ? [] : ['error="invalid_token"']
}
