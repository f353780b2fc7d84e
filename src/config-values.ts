import { parseVerifierKey, type VerifierKey } from './domain/audit/signed-note.ts'
import { isPlainLoopback } from './kernel/loopback.ts'

/** Readers of single settings. Each takes the trimmed text and throws an Error that says what is wrong, never the text. */

const MASTER_KEY_BYTES = 32

export function oneOf<T extends string>(allowed: readonly T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((one) => one === text)
    if (!found) throw new Error(`must be one of ${allowed.join(', ')}`)
    return found
  }
}

export function matching(pattern: RegExp, complaint: string): (text: string) => string {
  return (text) => {
    if (!pattern.test(text)) throw new Error(complaint)
    return text
  }
}

export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < from || number > to)
      throw new Error(`must be a whole number from ${from} to ${to}`)
    return number
  }
}

export function webOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || `${url.origin}/` !== url.href)
    throw new Error('must be an origin: http or https, a host, perhaps a port, no path')
  return url.origin
}

export function postgresUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : ''
  if (!/^postgres(ql)?:$/.test(protocol))
    throw new Error('must be a URL that begins with postgres://')
  return text
}

export function redisUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '')
    throw new Error('must be a URL that begins with redis:// or rediss://')
  return text
}

export function masterKeyText(text: string): string {
  if (
    Buffer.from(text, 'base64').toString('base64') !== text ||
    Buffer.from(text, 'base64').length !== MASTER_KEY_BYTES
  )
    throw new Error('must be 32 bytes in base64')
  return text
}

export function verifierKeyText(text: string): VerifierKey {
  try {
    return parseVerifierKey(text)
  } catch {
    throw new Error('must be a public key as a vkey: <name>+<id>+<key>')
  }
}

/** Plain http only to this machine; plain syslog is the operator's word that the network between is safe. */
export function sinkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const isSyslog = url !== null && /^syslog(\+tls)?:$/.test(url.protocol)
  const isPost = url !== null && (url.protocol === 'https:' || isPlainLoopback(url))
  if (isSyslog && url.hostname !== '' && url.port !== '') return url
  if (isPost) return url
  throw new Error('must be syslog://host:port, syslog+tls://host:port or an https URL')
}
