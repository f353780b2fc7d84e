import { RestrictionType, TCString } from '@iabtcf/core'
import type { Instant } from '../../kernel/time.ts'
import { BitReader } from './bit-reader.ts'
import { SignalError } from './signal-error.ts'

/** What a TC string of IAB Europe's Transparency & Consent Framework (v2.3) says about its eleven purposes. */
export interface TcChoices {
  /** Purpose 1 to 11 -> whether it may be pursued, by consent or, where the framework lets it, legitimate interest. */
  readonly allowed: ReadonlyMap<number, boolean>
  /** Purposes that the person consented to. */
  readonly consented: ReadonlySet<number>
  /** As the string says: in days (UTC). */
  readonly lastUpdated: Instant
  readonly cmpId: number
  readonly screen: number
  readonly language: string
  readonly vendorListVersion: number
}

const PURPOSES = Array.from({ length: 11 }, (_, index) => index + 1)
/** The framework knows legitimate interest for these only: never for 1, nor (since v2.2) for 3 to 6. */
const LEGITIMATE_INTEREST: ReadonlySet<number> = new Set([2, 7, 8, 9, 10, 11])
/** Policy version 4 is TCF v2.2; older strings are invalid since 30 September 2023. */
const OLDEST_POLICY = 4
const DISCLOSED_VENDORS = 1
const LONGEST = 8_192
/** Vendor ids named in one string, ranges unfolded: the list of vendors has about 1,100, a hostile range 65,535. */
const MOST_VENDORS = 30_000

/**
 * Reads a TC string.
 * @param vendor the controller's number in the Global Vendor List; null: only the purposes are looked at.
 * @throws SignalError for anything that is not a TC string of version 2, policy version 4 or later, with the segment of
 * disclosed vendors; or that does not disclose this vendor.
 */
export function readTcString(text: string, vendor: number | null): TcChoices {
  if (text.length > LONGEST || !/^C[\w-]+(\.[\w-]+)*$/.test(text))
    throw new SignalError('is not a TC string of version 2')
  const segments = text.split('.')
  const isDisclosed = segments
    .slice(1)
    .some((segment) => segmentType(segment) === DISCLOSED_VENDORS)
  if (!isDisclosed) throw new SignalError('has no segment of disclosed vendors (TCF v2.3)')
  const model = decoded(text, segments)
  if (Number(model.policyVersion) < OLDEST_POLICY)
    throw new SignalError(`is of policy version ${OLDEST_POLICY - 1} or older`)
  const lastUpdated = model.lastUpdated.getTime()
  if (!Number.isFinite(lastUpdated)) throw new SignalError('has no day of its last update')
  if (vendor !== null && !model.vendorsDisclosed.has(vendor))
    throw new SignalError('does not disclose this vendor')
  const restricted = (purpose: number) =>
    vendor === null
      ? null
      : (model.publisherRestrictions.getRestrictionType(vendor, purpose) ?? null)
  const consented = PURPOSES.filter(
    (purpose) =>
      model.purposeConsents.has(purpose) &&
      (vendor === null || model.vendorConsents.has(vendor)) &&
      restricted(purpose) !== RestrictionType.NOT_ALLOWED,
  )
  const interest = PURPOSES.filter(
    (purpose) =>
      LEGITIMATE_INTEREST.has(purpose) &&
      model.purposeLegitimateInterests.has(purpose) &&
      (vendor === null || model.vendorLegitimateInterests.has(vendor)) &&
      restricted(purpose) === null,
  )
  return {
    allowed: new Map(PURPOSES.map((p) => [p, consented.includes(p) || interest.includes(p)])),
    consented: new Set(consented),
    lastUpdated,
    cmpId: Number(model.cmpId),
    screen: Number(model.consentScreen),
    language: model.consentLanguage,
    vendorListVersion: Number(model.vendorListVersion),
  }
}

function segmentType(segment: string): number {
  return new BitReader(segment).take(3)
}

function decoded(text: string, [core = '', ...others]: readonly string[]) {
  try {
    refuseManyVendors(core, others)
    return TCString.decode(text)
  } catch (cause) {
    if (cause instanceof SignalError) throw cause
    throw new SignalError('is not a TC string of version 2', { cause })
  }
}

/** Bits before the vendors: version to publisher's country (TCF, "Core String"). */
const BEFORE_VENDORS = 213

/** The library unfolds ranges one by one: a few bytes that name all ids again and again would keep it busy for minutes. */
function refuseManyVendors(core: string, others: readonly string[]): void {
  const bits = new BitReader(core)
  bits.skip(BEFORE_VENDORS)
  let named = vendorsOf(bits) + vendorsOf(bits)
  for (let restrictions = bits.take(12); restrictions > 0; restrictions--) {
    bits.skip(8)
    named += rangesOf(bits)
    refuseAbove(named)
  }
  for (const segment of others) {
    const vendors = new BitReader(segment)
    // Publisher's segments name no vendors.
    if (vendors.take(3) !== 3) named += vendorsOf(vendors)
  }
  refuseAbove(named)
}

function vendorsOf(bits: BitReader): number {
  const most = bits.take(16)
  if (bits.take(1) === 1) return rangesOf(bits)
  bits.skip(most)
  return most
}

function rangesOf(bits: BitReader): number {
  let named = 0
  for (let entries = bits.take(12); entries > 0; entries--) {
    const isRange = bits.take(1) === 1
    const first = bits.take(16)
    named += isRange ? Math.max(bits.take(16) - first, 0) + 1 : 1
  }
  return named
}

function refuseAbove(named: number): void {
  if (named > MOST_VENDORS) throw new SignalError('names more vendors than there are')
}
