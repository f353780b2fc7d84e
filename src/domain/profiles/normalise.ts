import { createRequire } from 'node:module'
import type countriesLibrary from 'i18n-iso-countries'
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js'
import type { TraitDefinition, TraitType } from '../privacy/policy.ts'
import type { Identifier, IdentifierKind } from './identifier.ts'
import { parseDate, parseInstant } from './instants.ts'
import { keyProblem, textProblem } from './plain-text.ts'

// The package's own entry point loads its names of countries in eighty languages; one is enough.
const require = createRequire(import.meta.url)
const countries = require('i18n-iso-countries/index.js') as typeof countriesLibrary
countries.registerLocale(require('i18n-iso-countries/langs/en.json'))
const languages = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' })

export type TraitValue = string | number | boolean

/** A value in the one form in which it is stored and compared, or what is wrong with it: never the value itself. */
export type Normalised<T = TraitValue> = { readonly value: T } | { readonly problem: string }

type Reader = (value: unknown, country: string | null) => Normalised

const problem = (text: string) => ({ problem: text })
const IDENTIFIER_CHARACTERS = 512
/** RFC 5321 §4.5.3.1: 64 for the mailbox, 255 for the domain, 254 for both in practice. */
const EMAIL_CHARACTERS = 254
const EMAIL =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~\-\u0080-\uffff]{1,64}@[a-z0-9\u0080-\uffff](?:[a-z0-9\-\u0080-\uffff]{0,61}[a-z0-9\u0080-\uffff])?(?:\.[a-z0-9\u0080-\uffff](?:[a-z0-9\-\u0080-\uffff]{0,61}[a-z0-9\u0080-\uffff])?)+$/

const readers: Readonly<Record<TraitType, Reader>> = {
  text: (value) => {
    const text = asText(value)
    if (text === null) return problem('is not text')
    const wrong = textProblem(text)
    return wrong ? problem(wrong) : { value: text.trim().normalize('NFC') }
  },
  number: (value) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    return typeof number === 'number' && Number.isFinite(number)
      ? { value: number }
      : problem('is not a number')
  },
  boolean: (value) => {
    const flag = asFlag(value)
    return flag === null ? problem('is not true or false') : { value: flag }
  },
  date: (value) => {
    // Systems that know no dates send midnights.
    const text =
      typeof value === 'string' ? value.trim().replace(/[T ]00:00(:00(\.0+)?)?Z?$/, '') : ''
    const date = parseDate(text)
    return date ? { value: date } : problem('is not a calendar date (YYYY-MM-DD)')
  },
  instant: (value) => {
    const at = typeof value === 'string' || typeof value === 'number' ? parseInstant(value) : null
    return at === null
      ? problem('is not a point in time (ISO 8601)')
      : { value: new Date(at).toISOString() }
  },
  email: (value) => {
    const text = asText(value)?.trim().normalize('NFC').toLowerCase() ?? ''
    return text.length <= EMAIL_CHARACTERS && EMAIL.test(text) && !text.includes('..')
      ? { value: text }
      : problem('is not an e-mail address')
  },
  phone: (value, country) => {
    const text = asText(value)?.trim() ?? ''
    const region = country !== null && isSupportedCountry(country) ? (country as CountryCode) : null
    const phone =
      text.length <= 40
        ? parsePhoneNumberFromString(text, region === null ? {} : { defaultCountry: region })
        : undefined
    return phone?.isPossible()
      ? { value: phone.number }
      : problem('is not a phone number (with +country code, or with the country of the record)')
  },
  country: (value) => {
    const text = asText(value)?.trim() ?? ''
    const code = text.length === 2 ? known(text.toUpperCase()) : countries.getAlpha2Code(text, 'en')
    const found = code ?? (text.length === 3 ? countries.alpha3ToAlpha2(text.toUpperCase()) : null)
    return found ? { value: found } : problem('is not a country (ISO 3166-1)')
  },
  language: (value) => {
    const base = (asText(value)?.trim() ?? '').split(/[-_]/)[0]?.toLowerCase() ?? ''
    return /^[a-z]{2,3}$/.test(base) && languages.of(base) !== undefined
      ? { value: base }
      : problem('is not a language (ISO 639)')
  },
}

/**
 * The normal form of a trait's value, by the type of its definition: e-mail in lower case, phone in E.164 (RFC 3966
 * without the prefix), country in ISO 3166-1 alpha-2, language in ISO 639, dates and instants in ISO 8601.
 * @param country ISO country of the record, for phone numbers without a country code.
 */
export function normalise(
  definition: Pick<TraitDefinition, 'type'>,
  value: unknown,
  country: string | null,
): Normalised {
  return readers[definition.type](value, country)
}

/** The normal form of an identifier, so that equal people have equal bytes. */
export function normaliseIdentifier(
  identifier: { readonly kind: IdentifierKind; readonly value: string },
  country: string | null,
): Normalised<Identifier> {
  const { kind } = identifier
  if (kind === 'email' || kind === 'phone') {
    const read = readers[kind](identifier.value, country)
    return 'problem' in read ? read : { value: { kind, value: String(read.value) } }
  }
  const wrong = keyProblem(identifier.value, IDENTIFIER_CHARACTERS)
  return wrong ? problem(wrong) : { value: { kind, value: identifier.value.trim() } }
}

function known(code: string): string | undefined {
  return countries.isValid(code) ? code : undefined
}

function asText(value: unknown): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null
}

const TRUE: ReadonlySet<unknown> = new Set([true, 1, 'true', 'yes', '1', 't', 'y'])
const FALSE: ReadonlySet<unknown> = new Set([false, 0, 'false', 'no', '0', 'f', 'n'])

/** Yes and no as files spell them; null for anything else. */
export function asFlag(value: unknown): boolean | null {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value
  if (TRUE.has(word)) return true
  return FALSE.has(word) ? false : null
}
