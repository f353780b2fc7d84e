import { isIP } from 'node:net'

/**
 * The host that a request is for. A target that names one (`GET http://host/path`, as proxies are asked) goes before the
 * Host header (RFC 9112 §3.2.2).
 */
export function hostOf(target: string, header: string | undefined): string | undefined {
  if (target.startsWith('/') || target === '*') return header
  return URL.canParse(target) ? new URL(target).host : undefined
}

/**
 * Whether a Host header names this gateway: a loopback name, an IP address, or the host of its public URL. A web page
 * that points its own domain at us (DNS rebinding) always sends a name, so foreign names are refused and addresses are not.
 */
export function hostCheck(publicUrl: string | null): (host: string | undefined) => boolean {
  const names = new Set(['localhost', ...(publicUrl ? [new URL(publicUrl).hostname] : [])])
  return (host) => {
    if (host === undefined || !URL.canParse(`http://${host}`)) return false
    const { hostname } = new URL(`http://${host}`)
    return names.has(hostname) || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
  }
}
