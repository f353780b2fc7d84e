import { byKey, PolicyError, type TableRows, text } from './table-rows.ts'

/** Who answers for the processing, as receipts name it (ISO/IEC TS 27560, GDPR Article 13). Nothing here decides anything. */
export interface Controller {
  /** IRI of the controller. */
  readonly id: string
  readonly name: string
  readonly address: string
  /** E-mail address or telephone number for people. */
  readonly contact: string
  /** The address of a page or e-mail where a consent is withdrawn. */
  readonly withdrawal: string
  readonly storageLocations: readonly string[]
  readonly processingLocations: readonly string[]
  /** How long consent records are kept, as an ISO 8601 duration. */
  readonly retention: string
  /** The supervisory authority. */
  readonly authority: string
  /** Day of `/.well-known/gpc.json`, `YYYY-MM-DD`; null: not told. */
  readonly gpcLastUpdate: string | null
  /** Number in the Global Vendor List of IAB Europe; null: not registered, so only purposes are read from TC strings. */
  readonly tcfVendor: number | null
}

const FACTS = [
  'id',
  'name',
  'address',
  'contact',
  'withdrawal',
  'storage_locations',
  'processing_locations',
  'retention',
  'authority',
] as const
const OPTIONAL = ['gpc_last_update', 'tcf_vendor'] as const

/** controller.csv: one row per fact. @throws PolicyError */
export function compileController(rows: TableRows): Controller {
  const facts = byKey('controller.csv', rows, 'fact', (row, at) => text(row, 'value', at))
  const all: readonly string[] = [...FACTS, ...OPTIONAL]
  for (const fact of facts.keys())
    if (!all.includes(fact))
      throw new PolicyError(`controller.csv: "${fact}" is none of ${all.join(', ')}`)
  const fact = (name: (typeof FACTS)[number]) => {
    const value = facts.get(name)
    if (value === undefined) throw new PolicyError(`controller.csv: there is no row "${name}"`)
    return value
  }
  const list = (name: (typeof FACTS)[number]) => fact(name).split(/\s*;\s*/)
  return {
    id: matching('id', fact('id'), /^(https:|urn:)\S+$/),
    name: fact('name'),
    address: fact('address'),
    contact: fact('contact'),
    withdrawal: fact('withdrawal'),
    storageLocations: list('storage_locations'),
    processingLocations: list('processing_locations'),
    retention: matching('retention', fact('retention'), /^P(?=\d)(\d+Y)?(\d+M)?(\d+D)?$/),
    authority: fact('authority'),
    gpcLastUpdate: optional(facts, 'gpc_last_update', /^\d{4}-\d{2}-\d{2}$/),
    tcfVendor: Number(optional(facts, 'tcf_vendor', /^[1-9]\d{0,4}$/) ?? 0) || null,
  }
}

function optional(
  facts: ReadonlyMap<string, string>,
  name: (typeof OPTIONAL)[number],
  shape: RegExp,
): string | null {
  const value = facts.get(name)
  return value === undefined ? null : matching(name, value, shape)
}

function matching(name: string, value: string, shape: RegExp): string {
  if (!shape.test(value)) throw new PolicyError(`controller.csv: ${name} is not of the right shape`)
  return value
}
