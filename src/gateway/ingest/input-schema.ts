import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { consentStates } from '../../domain/privacy/consent-vector.ts'
import type {
  ConsentInput,
  EventInput,
  IngestInput,
  ItemInput,
  ProfileInput,
  SignalsInput,
} from './ingest-input.ts'

const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength })
const instant = { type: ['string', 'number'], maxLength: 40 }
const identifiers = {
  type: 'array',
  maxItems: 32,
  items: {
    type: 'object',
    required: ['kind', 'value'],
    additionalProperties: false,
    properties: { kind: text(80), value: { type: 'string', maxLength: 512 } },
  },
}
// A name of a place, too short and too plain for what people write.
const place = { type: 'string', pattern: '^[\\w./:-]{1,120}$' }
const bag = { type: 'object', maxProperties: 256 }

const object = (
  type: string,
  required: readonly string[],
  properties: Record<string, unknown>,
) => ({
  type: 'object',
  required: ['type', ...required],
  additionalProperties: false,
  properties: { type: { const: type }, ...properties },
})

const profile = object('profile', ['recordKey', 'identifiers', 'traits'], {
  recordKey: text(512),
  identifiers,
  traits: bag,
  observedAt: instant,
})
const event = object('event', ['messageId', 'identifiers', 'name', 'properties'], {
  messageId: text(256),
  identifiers,
  name: text(256),
  timestamp: instant,
  properties: bag,
})
const consent = object('consent', ['identifiers', 'purpose', 'state'], {
  identifiers,
  purpose: text(80),
  state: { enum: consentStates },
  categories: { type: 'array', maxItems: 64, items: text(120) },
  recipient: text(120),
  jurisdiction: text(80),
  effectiveAt: instant,
  expiresAt: instant,
  method: text(256),
  collectionPoint: text(512),
  notice: text(60),
  noticeVersion: text(120),
  language: text(35),
  evidence: {
    type: 'object',
    additionalProperties: false,
    properties: { screen: place, control: place },
  },
})
const signals = object('signals', ['identifiers'], {
  identifiers,
  gpc: { enum: ['0', '1'] },
  tcString: text(8_192),
  gppString: text(16_384),
  categoryPreferences: {
    type: 'object',
    maxProperties: 64,
    additionalProperties: { type: 'boolean' },
  },
  effectiveAt: instant,
  collectionPoint: text(512),
})
const item = object('item', ['id', 'title'], {
  id: text(256),
  title: text(1_024),
  category: text(256),
  price: { type: ['number', 'string'], maxLength: 40 },
  available: { type: ['boolean', 'string'], maxLength: 10 },
  attributes: bag,
})

const ajv = new Ajv({ allowUnionTypes: true, allErrors: false })
const validators: Readonly<Record<string, ValidateFunction<IngestInput>>> = {
  profile: ajv.compile<ProfileInput>(profile),
  event: ajv.compile<EventInput>(event),
  consent: ajv.compile<ConsentInput>(consent),
  signals: ajv.compile<SignalsInput>(signals),
  item: ajv.compile<ItemInput>(item),
}

/** The input in its shape, or what is wrong with it, in words that repeat no value of it. */
export function validateInput(
  input: unknown,
): { readonly input: IngestInput } | { readonly reasons: readonly string[] } {
  const type =
    typeof input === 'object' && input !== null ? (input as { type?: unknown }).type : null
  const validate =
    typeof type === 'string' && Object.hasOwn(validators, type) ? validators[type] : undefined
  if (!validate) return { reasons: ['type must be one of profile, event, consent, signals, item'] }
  if (validate(input)) return { input }
  return { reasons: (validate.errors ?? []).map(reasonOf) }
}

function reasonOf({ instancePath, keyword, message }: ErrorObject): string {
  const place = instancePath.slice(1).replaceAll('/', '.')
  // The names of unknown fields are the sender's words: they may be anything.
  if (keyword === 'additionalProperties') return `${place || 'input'} has a field that is not known`
  return `${place || 'input'} ${message ?? 'is not valid'}`
}
