import { limits } from '../../kernel/limits.ts'

// C0 and C1 controls but line feed, and halves of surrogate pairs: no column of text or JSON may hold them.
const UNPRINTABLE = /[^\P{Cc}\n]|\p{Surrogate}/u
const HALF_PAIR = /\p{Surrogate}/u
/** First characters that make a spreadsheet run a cell instead of showing it. */
const FORMULA = /^[=+\-@\t\r]/

/** A key that JavaScript objects do not treat like others. */
export const RESERVED_KEY = '__proto__'

/** What is wrong with a text that people will see, or null. Never repeats the text. */
export function textProblem(raw: string, most: number = limits.traitCharacters): string | null {
  if (raw.length > most) return `is longer than ${most} characters`
  if (FORMULA.test(raw)) return 'begins like a spreadsheet formula'
  if (UNPRINTABLE.test(raw)) return 'contains control characters'
  return null
}

/** What is wrong with a name or id that becomes a key, or null. Ids may begin with any printable character but `=`. */
export function keyProblem(raw: string, most: number): string | null {
  if (raw.trim() === '') return 'is empty'
  if (raw.length > most) return `is longer than ${most} characters`
  if (UNPRINTABLE.test(raw) || raw.includes('\n')) return 'contains control characters'
  if (raw.startsWith('=')) return 'begins like a spreadsheet formula'
  return raw === RESERVED_KEY ? 'is a reserved word' : null
}

/** Deeper JSON than this is no property of anything; reading it would take the stack. */
const DEEPEST = 16

/** Whether a JSON value can be kept: no characters that a database of text can't hold, not nested beyond reason. */
export function isWritable(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return isStorable(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth === DEEPEST) return false
  if (Array.isArray(value)) return value.every((inner) => isWritable(inner, depth + 1))
  return Object.entries(value).every(
    ([key, inner]) => key !== RESERVED_KEY && isStorable(key) && isWritable(inner, depth + 1),
  )
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && !HALF_PAIR.test(text)
}
