import type { PolicyTables } from '../../../src/domain/privacy/policy.ts'
import type { Caller } from '../../callers.ts'
import { narrowed, type Situation } from '../../situations.ts'

type Row = Readonly<Record<string, string>>

const within = (wider: string, narrower: string) =>
  narrower === wider || narrower.startsWith(`${wider}.`)
const words = (text: string | undefined) => (text ?? '').split(' ').filter(Boolean)

/**
 * What the tables say, read with nothing but their text: the longest prefix wins, no row means withheld, and consent is
 * a table of its own. A second opinion, sharing no line with the gateway's.
 */
export class TableOracle {
  readonly #tables: PolicyTables

  constructor(tables: PolicyTables) {
    this.#tables = tables
  }

  /** Before purpose and consent. */
  byRole(role: string, category: string): string {
    const rows = this.#tables.roles.filter((row) => within(row.category ?? '', category))
    const longest = rows.toSorted((a, b) => length(b) - length(a)).at(0)
    return longest?.[role] ?? 'WITHHELD'
  }

  covers(purpose: string, category: string): boolean {
    return words(this.#purpose(purpose).categories).some((one) => within(one, category))
  }

  /** The treatment of a category for a caller, of a person in this situation. */
  treatment({ role, purpose }: Caller, situation: Situation, category: string): string {
    const allowed =
      this.covers(purpose.key, category) && this.#permits(purpose, situation, category)
    return allowed ? this.byRole(role, category) : 'WITHHELD'
  }

  #permits(purpose: Caller['purpose'], situation: Situation, category: string): boolean {
    const row = this.#purpose(purpose.key)
    const basis = row.legal_basis
    if (basis === 'legal_obligation') return true
    const states = situation.about(purpose).map(({ state }) => state)
    const whole = situation.whole ?? []
    if (whole.some(({ state }) => state === 'Restricted') || states.includes('Objected'))
      return false
    const signals = whole.map((one) => one.purpose.replace('signal:', ''))
    if (signals.some((signal) => words(row.signals).includes(signal))) return false
    if (basis !== 'consent') return true
    return this.#consents(row, situation, purpose, category)
  }

  #consents(
    row: Row,
    { name, country, about }: Situation,
    purpose: Caller['purpose'],
    category: string,
  ) {
    if (name.startsWith('narrowed')) return narrowed(purpose).some((one) => within(one, category))
    const last = about(purpose).at(-1)
    const column = this.#tables.jurisdictions.find((one) => one.country === country)?.mechanism
    const mechanism = (column && row[`mechanism_${column}`]) || 'opt_in'
    if (last?.state === 'ConsentRefused' || last?.state === 'ConsentWithdrawn') return false
    const stands = last !== undefined && !last.expiresAt
    if (stands && (last.state === 'ConsentGiven' || last.state === 'RenewedConsentGiven'))
      return true
    return mechanism === 'opt_out' || (mechanism === 'notice_only' && last?.state === 'NoticeGiven')
  }

  #purpose(key: string): Row {
    const row = this.#tables.purposes.find((one) => one.purpose === key)
    if (!row) throw new Error(`no purpose ${key}`)
    return row
  }
}

const length = (row: Row) => (row.category ?? '').length
