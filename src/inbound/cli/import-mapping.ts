/** Kinds of file, and what each row of one becomes. */
export const importKinds = ['customers', 'events', 'items', 'identities', 'consents'] as const
export type ImportKind = (typeof importKinds)[number]

type Fields = Readonly<Record<string, unknown>>

/** Columns that are understood by their own name, beside identifiers and traits. */
export const ownColumns: Readonly<Record<ImportKind, readonly string[]>> = {
  customers: ['recordKey', 'id', 'observedAt', 'updatedAt'],
  identities: ['recordKey', 'id', 'observedAt', 'updatedAt'],
  events: ['messageId', 'name', 'timestamp', 'itemId', 'orderId', 'value'],
  items: ['id', 'title', 'category', 'price', 'available'],
  consents: [
    'purpose',
    'state',
    'categories',
    'recipient',
    'jurisdiction',
    'effectiveAt',
    'expiresAt',
    'method',
    'collectionPoint',
    'notice',
    'noticeVersion',
    'language',
    'gpc',
    'tcString',
    'gppString',
  ],
}

/** A row with one of these and no purpose tells of signals. */
const SIGNALS = ['gpc', 'tcString', 'gppString'] as const
const TYPES: Readonly<Record<ImportKind, string>> = {
  customers: 'profile',
  identities: 'profile',
  events: 'event',
  items: 'item',
  consents: 'consent',
}
/** Spreadsheets turn whole numbers into decimals. */
const WHOLE = /^\d+\.0$/

export interface MappingOptions {
  readonly kind: ImportKind
  /** Field -> column. */
  readonly map: ReadonlyMap<string, string>
  /** Fields with the same value in every row. */
  readonly constants: Fields
  readonly traits: readonly string[]
  readonly identifiers: readonly string[]
  /** Names rows that have no id of their own. */
  readonly fingerprint: string
}

/** Makes inputs for the ingest door out of the fields of rows. What the fields hold is judged there, not here. */
export class Mapping {
  readonly #options: MappingOptions
  readonly #fieldsOf: ReadonlyMap<string, readonly string[]>
  readonly #known: ReadonlySet<string>
  readonly #ignored = new Set<string>()

  constructor(options: MappingOptions) {
    this.#options = options
    const fieldsOf = new Map<string, string[]>()
    for (const [field, column] of options.map)
      fieldsOf.set(column, [...(fieldsOf.get(column) ?? []), field])
    this.#fieldsOf = fieldsOf
    const people = options.kind === 'items' ? [] : options.identifiers
    const traits = ['items', 'consents'].includes(options.kind) ? [] : options.traits
    this.#known = new Set([...ownColumns[options.kind], ...people, ...traits])
  }

  /** Columns seen so far that nothing was made of. */
  get ignored(): readonly string[] {
    return [...this.#ignored]
  }

  inputOf(columns: Fields, rowNumber: number): unknown {
    const { kind, fingerprint } = this.#options
    const type = TYPES[kind]
    if (columns.type === type)
      return kind === 'events' ? { messageId: `${fingerprint}:${rowNumber}`, ...columns } : columns
    const fields = this.#named(columns)
    if (kind === 'items') return itemOf(fields)
    if (kind === 'consents') return this.#consentOf(fields)
    return kind === 'events' ? this.#eventOf(fields, rowNumber) : this.#profileOf(fields, rowNumber)
  }

  #named(columns: Fields): Map<string, unknown> {
    const fields = new Map(Object.entries(this.#options.constants))
    for (const [column, value] of Object.entries(columns)) {
      const mapped = this.#fieldsOf.get(column)
      if (!mapped && !this.#isKnown(column)) this.#ignored.add(column)
      if (value === '' || value === null) continue
      if (mapped) for (const field of mapped) fields.set(field, value)
      else if (this.#isKnown(column) && !this.#options.map.has(column)) fields.set(column, value)
    }
    return fields
  }

  #isKnown(column: string): boolean {
    return (
      this.#known.has(column) || (column.startsWith('partner:') && this.#options.kind !== 'items')
    )
  }

  #profileOf(fields: Map<string, unknown>, rowNumber: number): unknown {
    // An e-mail or phone of a profile is a trait, and identifies as such.
    const identifiers = this.#identifiers(fields, (kind) => kind !== 'email' && kind !== 'phone')
    const [first] = identifiers
    const recordKey =
      taken(fields, 'recordKey', 'id') ??
      (first ? `${first.kind}:${first.value}` : null) ??
      fields.get('email') ??
      `${this.#options.fingerprint}:${rowNumber}`
    const observedAt = taken(fields, 'observedAt', 'updatedAt')
    return {
      type: 'profile',
      recordKey: String(recordKey),
      identifiers,
      traits: Object.fromEntries(fields),
      ...(observedAt !== undefined && { observedAt }),
    }
  }

  #eventOf(fields: Map<string, unknown>, rowNumber: number): unknown {
    const identifiers = this.#identifiers(fields, () => true)
    const messageId = taken(fields, 'messageId') ?? `${this.#options.fingerprint}:${rowNumber}`
    const name = taken(fields, 'name')
    const timestamp = taken(fields, 'timestamp')
    return {
      type: 'event',
      messageId: String(messageId),
      identifiers,
      ...(name !== undefined && { name }),
      ...(timestamp !== undefined && { timestamp }),
      properties: Object.fromEntries(fields),
    }
  }

  #consentOf(fields: Map<string, unknown>): unknown {
    const identifiers = this.#identifiers(fields, () => true)
    const categories = taken(fields, 'categories')
    const isSignals = !fields.has('purpose') && SIGNALS.some((column) => fields.has(column))
    return {
      type: isSignals ? 'signals' : 'consent',
      identifiers,
      ...Object.fromEntries(fields),
      ...(categories !== undefined && {
        categories: Array.isArray(categories) ? categories : String(categories).split(/[\s;|]+/),
      }),
    }
  }

  /** Takes the identifiers out of the fields. */
  #identifiers(
    fields: Map<string, unknown>,
    wanted: (kind: string) => boolean,
  ): { kind: string; value: string }[] {
    const kinds = [...fields.keys()].filter(
      (field) => this.#options.identifiers.includes(field) || field.startsWith('partner:'),
    )
    return kinds.filter(wanted).map((kind) => {
      const value = String(taken(fields, kind))
      return { kind, value: WHOLE.test(value) ? value.slice(0, -2) : value }
    })
  }
}

function itemOf(fields: Map<string, unknown>): unknown {
  const own: Record<string, unknown> = { type: 'item' }
  for (const key of ownColumns.items) {
    const value = taken(fields, key)
    if (value !== undefined) own[key] = key === 'id' ? String(value) : value
  }
  return { ...own, ...(fields.size > 0 && { attributes: Object.fromEntries(fields) }) }
}

/** The first of these fields that there is; all of them are taken out. */
function taken(fields: Map<string, unknown>, ...keys: string[]): unknown {
  const [value] = keys.flatMap((key) => (fields.has(key) ? [fields.get(key)] : []))
  for (const key of keys) fields.delete(key)
  return value
}
