import { createHash } from 'node:crypto'
import { type Category, coveredByAny, longestPrefix } from './categories.ts'
import { type Controller, compileController } from './controller.ts'
import { compileNotices, type Notice } from './notices.ts'
import { checkColumns, MECHANISM_COLUMN } from './policy-columns.ts'
import { knownSignal, plainCategory, plainCountry } from './policy-names.ts'
import { byKey, oneOf, PolicyError, placeOf, type TableRows, text, words } from './table-rows.ts'
import { type Treatment, treatments } from './treatment.ts'

export { PolicyError, type TableRows } from './table-rows.ts'

/** How consent works in a jurisdiction: only if given, unless refused, or after a recorded notice. */
export type Mechanism = 'opt_in' | 'opt_out' | 'notice_only' | 'none'
export type LegalBasis =
  | 'consent'
  | 'contract'
  | 'legal_obligation'
  | 'vital_interests'
  | 'public_interest'
  | 'legitimate_interest'
export type TraitType =
  | 'text'
  | 'number'
  | 'boolean'
  | 'date'
  | 'instant'
  | 'email'
  | 'phone'
  | 'country'
  | 'language'
export type Survivorship = 'priority' | 'recent' | 'complete' | 'frequent'

export interface Purpose {
  readonly key: string
  /** Fides data use, such as `personalize.content`. */
  readonly dataUse: string
  /** W3C DPV term, such as `dpv:DirectMarketing`. */
  readonly dpv: string
  readonly legalBasis: LegalBasis
  /** Consent must name the recipient. */
  readonly namesRecipient: boolean
  /** By column of jurisdictions.csv (`eu`, `us`, …). */
  readonly mechanisms: ReadonlyMap<string, Mechanism>
  /** Outside signals that close this purpose: `gpc`, `tcf:5`, `gpp:SaleOptOut`. */
  readonly signals: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  readonly categories: readonly Category[]
  /** As people are told of it: `to tell you about offers`; the data use where no words are given. */
  readonly inWords: string
}

export interface TraitDefinition {
  readonly key: string
  readonly category: Category
  readonly type: TraitType
  readonly survivorship: Survivorship
  /** Values of this trait are sealed per person and never stand in the features. */
  readonly sealed: boolean
}

export interface SourceDefinition {
  readonly key: string
  readonly kind: string
  /** Lower wins where sources contradict each other. */
  readonly priority: number
  /** Identifiers from here are verified: they may merge profiles. */
  readonly verified: boolean
}

export interface CategoryDefinition {
  readonly category: Category
  readonly sensitivity: 'NORMAL' | 'HIGH'
  readonly store: 'vault' | 'features'
}

export interface Policy {
  /** SHA-256 over the tables, first 16 hex digits: changes when any rule does. */
  readonly version: string
  readonly purposes: ReadonlyMap<string, Purpose>
  readonly roles: ReadonlyMap<string, ReadonlyMap<Category, Treatment>>
  readonly categories: ReadonlyMap<Category, CategoryDefinition>
  readonly traits: ReadonlyMap<string, TraitDefinition>
  readonly sources: ReadonlyMap<string, SourceDefinition>
  /** ISO 3166 alpha-2 country -> mechanism column. */
  readonly jurisdictions: ReadonlyMap<string, string>
  readonly notices: ReadonlyMap<string, Notice>
  /** Who answers for all of it; null where controller.csv is missing. */
  readonly controller: Controller | null
}

export interface PolicyTables {
  readonly purposes: TableRows
  readonly roles: TableRows
  readonly categories: TableRows
  readonly traits: TableRows
  readonly sources: TableRows
  readonly jurisdictions: TableRows
  /** How long audit entries are kept: part of the version, but no decision about data depends on it. */
  readonly retention?: TableRows
  /** In which form counts of people are told: part of the version. */
  readonly counts?: TableRows
  /** How long data about people is kept: likewise. */
  readonly dataRetention?: TableRows
  /** Purposes as people are told of them. */
  readonly words?: TableRows
  /** What people are told before they decide; each row with its text in `text`. */
  readonly notices?: TableRows
  /** Facts about the controller, for receipts: no decision depends on them, so they are no part of the version. */
  readonly controller?: TableRows
}

const LEGAL_BASES: readonly LegalBasis[] = [
  'consent',
  'contract',
  'legal_obligation',
  'vital_interests',
  'public_interest',
  'legitimate_interest',
]
const MECHANISMS: readonly Mechanism[] = ['opt_in', 'opt_out', 'notice_only', 'none']
const TRAIT_TYPES: readonly TraitType[] = [
  'text',
  'number',
  'boolean',
  'date',
  'instant',
  'email',
  'phone',
  'country',
  'language',
]
const SURVIVORSHIPS: readonly Survivorship[] = ['priority', 'recent', 'complete', 'frequent']

/**
 * Validates the tables and compiles them into the index that decisions are taken from.
 * @throws PolicyError on an unknown word, an unknown or missing column, a duplicate row or an undefined reference.
 */
export function compilePolicy(tables: PolicyTables): Policy {
  checkColumns(tables)
  const categories = byKey('categories.csv', tables.categories, 'category', (row, at) => ({
    category: plainCategory(text(row, 'category', at), at),
    sensitivity: oneOf(row, 'sensitivity', ['NORMAL', 'HIGH'] as const, at),
    store: oneOf(row, 'store', ['vault', 'features'] as const, at),
  }))
  const known = (category: Category, at: string) => {
    if (!longestPrefix(categories, plainCategory(category, at)))
      throw new PolicyError(
        `${at}: category "${category}" is not in categories.csv; correct it, or add a row there`,
      )
    return category
  }
  const roles = readRoles(tables.roles, known)
  const inWords = byKey('words.csv', tables.words ?? [], 'purpose', (row, at) =>
    text(row, 'in_words', at),
  )
  const purposes = byKey('purposes.csv', tables.purposes, 'purpose', (row, at) =>
    readPurpose(row, at, { roles, known, inWords }),
  )
  for (const purpose of inWords.keys())
    if (!purposes.has(purpose))
      throw new PolicyError(`words.csv: "${purpose}" is no purpose of purposes.csv`)
  const traits = byKey('traits.csv', tables.traits, 'key', (row, at) => {
    const category = known(text(row, 'category', at), at)
    return {
      key: text(row, 'key', at),
      category,
      type: oneOf(row, 'type', TRAIT_TYPES, at),
      survivorship: oneOf(row, 'survivorship', SURVIVORSHIPS, at),
      sealed: longestPrefix(categories, category)?.store === 'vault',
    }
  })
  const sources = byKey('sources.csv', tables.sources, 'source', (row, at) => {
    const priority = Number(text(row, 'priority', at))
    if (!Number.isInteger(priority)) throw new PolicyError(`${at}: priority must be a whole number`)
    return {
      key: text(row, 'source', at),
      kind: text(row, 'kind', at),
      priority,
      verified: oneOf(row, 'verified', ['yes', 'no'] as const, at) === 'yes',
    }
  })
  const mechanisms = new Set(
    [...purposes.values()].flatMap((purpose) => [...purpose.mechanisms.keys()]),
  )
  const jurisdictions = byKey('jurisdictions.csv', tables.jurisdictions, 'country', (row, at) => {
    plainCountry(text(row, 'country', at), at)
    return oneOf(row, 'mechanism', [...mechanisms], at)
  })
  const { controller: facts, ...decisive } = tables
  const version = createHash('sha256').update(JSON.stringify(decisive)).digest('hex').slice(0, 16)
  return {
    version,
    purposes,
    roles,
    categories,
    traits,
    sources,
    jurisdictions,
    notices: compileNotices(tables.notices ?? [], {
      purposes: new Set(purposes.keys()),
      mechanisms,
    }),
    controller: facts ? compileController(facts) : null,
  }
}

function readPurpose(
  row: Readonly<Record<string, string>>,
  at: string,
  tables: {
    readonly roles: ReadonlyMap<string, unknown>
    readonly known: (category: Category, at: string) => Category
    readonly inWords: ReadonlyMap<string, string>
  },
): Purpose {
  const { roles, known, inWords } = tables
  const mechanisms = new Map<string, Mechanism>()
  for (const column of Object.keys(row)) {
    if (column.startsWith(MECHANISM_COLUMN))
      mechanisms.set(column.slice(MECHANISM_COLUMN.length), oneOf(row, column, MECHANISMS, at))
  }
  const mayDeclare = words(row.roles)
  for (const role of mayDeclare)
    if (!roles.has(role))
      throw new PolicyError(
        `${at}: role "${role}" has no column in roles.csv; there are ${[...roles.keys()].join(', ')}`,
      )
  const categories = words(row.categories).map((category) => known(category, at))
  if (categories.length === 0)
    throw new PolicyError(`${at}: a purpose must name the categories it covers`)
  const key = text(row, 'purpose', at)
  const dataUse = text(row, 'data_use', at)
  return {
    key,
    dataUse,
    inWords: inWords.get(key) ?? dataUse,
    dpv: text(row, 'dpv', at),
    legalBasis: oneOf(row, 'legal_basis', LEGAL_BASES, at),
    namesRecipient: oneOf(row, 'names_recipient', ['yes', 'no'] as const, at) === 'yes',
    mechanisms,
    signals: new Set(words(row.signals).map((signal) => knownSignal(signal, at))),
    roles: new Set(mayDeclare),
    categories,
  }
}

function readRoles(rows: TableRows, known: (category: Category, at: string) => Category) {
  const roles = new Map<string, Map<Category, Treatment>>()
  for (const [index, row] of rows.entries()) {
    const at = placeOf('roles.csv', row, index)
    const category = known(text(row, 'category', at), at)
    for (const role of Object.keys(row)) {
      if (role === 'category') continue
      const table = roles.get(role) ?? new Map<Category, Treatment>()
      if (table.has(category))
        throw new PolicyError(`${at}: "${category}" stands twice; keep one row`)
      table.set(category, oneOf(row, role, treatments, at))
      roles.set(role, table)
    }
  }
  return roles
}

/** In which form a role may ever see a category, before purpose and consent. No row means withheld. */
export function roleTreatment(policy: Policy, role: string, category: Category): Treatment {
  const table = policy.roles.get(role)
  return (table && longestPrefix(table, category)) ?? 'WITHHELD'
}

/** Whether a purpose covers a category at all. */
export function purposeCovers(purpose: Purpose, category: Category): boolean {
  return coveredByAny(purpose.categories, category)
}
