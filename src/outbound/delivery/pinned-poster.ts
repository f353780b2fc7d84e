import { type LookupAddress, lookup } from 'node:dns'
import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Poster, PostFailure, PostOutcome } from '../../domain/delivery/poster.ts'
import { SECOND } from '../../kernel/time.ts'
import { allAllowed, isLoopbackAddress, isPublicAddress } from './public-address.ts'

/** From looking up the name to the last byte of the answer. */
const TIMEOUT = 15 * SECOND
/** What receivers answer is thrown away; whoever sends more than this means no good. */
const MOST_ANSWER_BYTES = 64 * 1024
const LONGEST_URL = 2_048

/** As `dns.lookup` with `all`. */
export type ResolveAll = (
  hostname: string,
  done: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void

export interface PinnedPosterOptions {
  /** Development only: also plain http, to this machine alone. */
  readonly loopback: boolean
  readonly resolve?: ResolveAll
  readonly timeout?: number
}

class ForbiddenAddressError extends Error {
  readonly code = 'FORBIDDEN_ADDRESS'
}

/**
 * Posts to addresses that others chose. The connection looks up the name once, through a look-up that refuses forbidden
 * addresses, and connects to what that returned: no second look-up that could answer something else (DNS rebinding).
 */
export class PinnedPoster implements Poster {
  readonly #loopback: boolean
  readonly #resolve: ResolveAll
  readonly #timeout: number

  constructor({ loopback, resolve, timeout }: PinnedPosterOptions) {
    this.#loopback = loopback
    this.#resolve =
      resolve ?? ((hostname, done) => lookup(hostname, { all: true, verbatim: true }, done))
    this.#timeout = timeout ?? TIMEOUT
  }

  objectionTo(text: string): string | null {
    const url = text.length <= LONGEST_URL && URL.canParse(text) ? new URL(text) : null
    if (url === null) return 'must be a URL'
    if (url.username !== '' || url.password !== '' || url.hash !== '')
      return 'must hold no password and no fragment'
    const host = hostOf(url)
    const isLiteral = isIP(host) !== 0
    const isNear = host === 'localhost' || isLoopbackAddress(host)
    if (this.#loopback && isNear && /^https?:$/.test(url.protocol)) return null
    if (url.protocol !== 'https:') return 'must begin with https://'
    if (isLiteral ? !isPublicAddress(host) : !host.includes('.') || isNear)
      return 'must be a public address'
    return null
  }

  async post(
    text: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<PostOutcome> {
    if (this.objectionTo(text) !== null) return { failure: 'forbidden_address' }
    const url = new URL(text)
    const signal = AbortSignal.timeout(this.#timeout)
    return await new Promise<PostOutcome>((resolve) => {
      const fail = (error: unknown) => resolve({ failure: failureFrom(error, signal) })
      const options = {
        method: 'POST',
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        // No connection outlives its message: none can be lent to another name.
        agent: false as const,
        lookup: this.#lookup(url),
        signal,
      }
      const request = url.protocol === 'https:' ? requestSecure : requestPlain
      const call = request(url, options, (answer) => {
        let bytes = 0
        answer.on('data', (piece: Buffer) => {
          bytes += piece.length
          if (bytes <= MOST_ANSWER_BYTES) return
          resolve({ failure: 'answer_too_long' })
          call.destroy()
        })
        answer.on('error', fail)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0 }))
      })
      call.on('error', fail)
      call.end(body)
    })
  }

  /** Plain http goes to this machine and nowhere else, whatever its name resolves to. */
  #lookup(url: URL): LookupFunction {
    const isAllowed =
      this.#loopback && hostOf(url) === 'localhost' ? isLoopbackAddress : isPublicAddress
    return (hostname, options, done) => {
      this.#resolve(hostname, (error, addresses) => {
        const [first] = addresses ?? []
        if (error || first === undefined) return done(error ?? new Error('no address'), '', 0)
        if (!allAllowed(addresses, isAllowed)) return done(new ForbiddenAddressError(), '', 0)
        if (options.all) return done(null, [...addresses])
        return done(null, first.address, first.family)
      })
    }
  }
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}

function failureFrom(error: unknown, signal: AbortSignal): PostFailure {
  if (signal.aborted) return 'timeout'
  return (error as { code?: unknown }).code === 'FORBIDDEN_ADDRESS'
    ? 'forbidden_address'
    : 'unreachable'
}
