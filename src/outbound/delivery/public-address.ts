import type { LookupAddress } from 'node:dns'
import ipaddr from 'ipaddr.js'

/**
 * Whether an address is one that anybody on the internet could reach: plain unicast, nothing that is set aside or leads
 * into IPv4 by another name (mapped, NAT64, 6to4, Teredo). Deny is the default: what can't be read is not.
 */
export function isPublicAddress(address: string): boolean {
  return rangeOf(address) === 'unicast'
}

export function isLoopbackAddress(address: string): boolean {
  return rangeOf(address) === 'loopback'
}

function rangeOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unreadable'
  const parsed = ipaddr.process(address)
  // RFC 4291 §2.5.5.1: IPv4 inside IPv6 without a mark; deprecated, and no range of the library.
  if (
    parsed.kind() === 'ipv6' &&
    parsed
      .toByteArray()
      .slice(0, 12)
      .every((byte) => byte === 0)
  )
    return parsed.range() === 'loopback' ? 'loopback' : 'reserved'
  return parsed.range()
}

/** One forbidden address among those of a name forbids the name: which one is taken would be chance. */
export function allAllowed(
  addresses: readonly LookupAddress[],
  isAllowed: (address: string) => boolean,
): boolean {
  return addresses.length > 0 && addresses.every(({ address }) => isAllowed(address))
}
