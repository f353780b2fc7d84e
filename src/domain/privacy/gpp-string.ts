import { GppModel } from '@iabgpp/cmpapi'
import { BitReader } from './bit-reader.ts'
import { SignalError } from './signal-error.ts'

/** What a string of IAB Tech Lab's Global Privacy Platform says. */
export interface GppChoices {
  /** `SaleOptOut`, `SharingOptOut`, `TargetedAdvertisingOptOut` -> opted out; absent: the string does not say. */
  readonly optedOut: ReadonlyMap<string, boolean>
  /** A section reports Global Privacy Control. */
  readonly gpc: boolean
  /** The section of TCF Europe as it stands in the string, to be read as a TC string; null: there is none. */
  readonly tcString: string | null
}

const OPT_OUTS = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut'] as const
/** Values of these fields (GPP, US sections): 0 not applicable, 1 opted out, 2 did not. */
const OPTED_OUT = 1
const DID_NOT = 2
const TCF_EUROPE = 2
/** US Privacy; behind it come US National and the states. */
const US_PRIVACY = 6
const LONGEST = 16_384
/** So far 24 sections have a number. */
const MOST_SECTIONS = 64

/**
 * Reads a GPP string. Of several sections the most restrictive one holds; sections without opt-outs of these kinds
 * (Canada) are passed over.
 * @throws SignalError for anything that is not a GPP string, or has a section that can't be read.
 */
export function readGppString(text: string): GppChoices {
  const sections = text.split('~')
  if (text.length > LONGEST || !/^D[\w-]+(~[\w.-]+)+$/.test(text))
    throw new SignalError('is not a GPP string')
  try {
    refuseLongHeader(sections[0] ?? '', sections.length - 1)
    return choicesOf(new GppModel(text), sections)
  } catch (cause) {
    if (cause instanceof SignalError) throw cause
    throw new SignalError('is not a GPP string', { cause })
  }
}

function choicesOf(model: GppModel, [, ...sections]: readonly string[]): GppChoices {
  const ids = model.getSectionIds()
  const said = new Map<string, number[]>()
  let gpc = false
  for (const id of ids) {
    if (id < US_PRIVACY) continue
    const field = (name: string): unknown =>
      model.hasFieldBySectionId(id, name) ? model.getFieldValueBySectionId(id, name) : undefined
    for (const [name, value] of fieldsOf(id, field))
      said.set(name, [...(said.get(name) ?? []), value])
    gpc ||= field('Gpc') === true
  }
  return { optedOut: strictest(said), gpc, tcString: sections[ids.indexOf(TCF_EUROPE)] ?? null }
}

function strictest(said: ReadonlyMap<string, readonly number[]>): ReadonlyMap<string, boolean> {
  const optedOut = new Map<string, boolean>()
  for (const [name, values] of said) {
    if (values.includes(OPTED_OUT)) optedOut.set(name, true)
    else if (values.includes(DID_NOT)) optedOut.set(name, false)
  }
  return optedOut
}

function fieldsOf(
  section: number,
  field: (name: string) => unknown,
): readonly (readonly [string, number])[] {
  if (section === US_PRIVACY) {
    // One letter; under the CCPA's first form sale included sharing, so refusing the one refuses the other.
    const letter = field('OptOutSale')
    if (letter === 'Y') return [['SaleOptOut', OPTED_OUT] as const, ['SharingOptOut', OPTED_OUT]]
    return letter === 'N' ? [['SaleOptOut', DID_NOT]] : []
  }
  return OPT_OUTS.flatMap((name) => {
    const value = field(name)
    return typeof value === 'number' ? [[name, value] as const] : []
  })
}

/** The library unfolds ranges of section ids before it counts them: a dozen characters may name thousands of millions. */
function refuseLongHeader(header: string, sections: number): void {
  const bits = new BitReader(header)
  bits.skip(12)
  let named = 0
  for (let groups = bits.take(12); groups > 0 && named <= MOST_SECTIONS; groups--) {
    const isRange = bits.take(1) === 1
    const first = fibonacci(bits)
    named += isRange ? fibonacci(bits) + 1 : Math.min(first, 1)
  }
  if (named !== sections || named > MOST_SECTIONS)
    throw new SignalError('has another number of sections than its header says')
}

/** A number in Fibonacci coding: it ends with two ones. */
function fibonacci(bits: BitReader): number {
  let value = 0
  let before = false
  for (let [one, next] = [1, 2]; ; [one, next] = [next, one + next]) {
    const bit = bits.take(1) === 1
    if (bit && before) return value
    if (bit) value += one
    before = bit
  }
}
