import { isIP } from 'node:net'

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
