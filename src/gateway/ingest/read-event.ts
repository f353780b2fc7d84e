import { eventCategory } from '../../domain/privacy/event-category.ts'
import type { Vault } from '../../domain/profiles/ingest-store.ts'
import { normalise, type TraitValue } from '../../domain/profiles/normalise.ts'
import { keyProblem, textProblem } from '../../domain/profiles/plain-text.ts'
import { ORDER_COMPLETED } from '../../domain/profiles/tally.ts'
import { type EventEntry, Unacceptable } from './entry.ts'
import type { EventInput } from './ingest-input.ts'
import { UNREGISTERED } from './read-profile.ts'
import { indexed, type ReadingContext, readIdentifiers, readInstant } from './reading.ts'

const ID_CHARACTERS = 256
const PURCHASES = 'user.behavior.purchase_history'
const NAME_CHARACTERS = 200
/** Properties with a place of their own in the event. */
const STRUCTURAL: ReadonlySet<string> = new Set(['itemId', 'orderId', 'value'])

/** @throws Unacceptable */
export function readEvent(input: EventInput, context: ReadingContext): EventEntry {
  const { name, messageId } = input
  const reasons: string[] = []
  const wrongName = textProblem(name, NAME_CHARACTERS) ?? keyProblem(name, NAME_CHARACTERS)
  if (wrongName) reasons.push(`name ${wrongName}`)
  const wrongId = keyProblem(messageId, ID_CHARACTERS)
  if (wrongId) reasons.push(`messageId ${wrongId}`)
  const { plain, vault } = readProperties(input.properties, context, reasons)
  const itemId = readId(input.properties, 'itemId', reasons)
  // An order and its money are purchase history: under the name of an activity they would be shown as activity.
  const isPurchase = eventCategory(name.trim()) === PURCHASES
  const orderId = isPurchase ? readId(input.properties, 'orderId', reasons) : null
  const value = isPurchase ? valueIn(input, reasons) : 0
  if (reasons.length > 0) throw new Unacceptable(reasons)
  return {
    type: 'event',
    identifiers: indexed(readIdentifiers(input.identifiers, null, context), context),
    messageId,
    name: name.trim(),
    occurredAt: readInstant(input.timestamp, 'timestamp', context),
    itemId,
    orderId,
    value,
    properties: plain,
    vault,
  }
}

function valueIn({ name, properties }: EventInput, reasons: string[]): number {
  if (name === ORDER_COMPLETED) return orderValue(properties, reasons)
  return readNumber(properties, 'value', reasons) ?? 0
}

/** Registered properties of the features stay in plain; what belongs into the vault, or what nobody knows, is sealed. */
function readProperties(
  properties: Readonly<Record<string, unknown>>,
  context: ReadingContext,
  reasons: string[],
): { plain: Record<string, TraitValue>; vault: Vault } {
  const plain: Record<string, TraitValue> = {}
  const sealed: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(properties)) {
    if (STRUCTURAL.has(key) || value === null || value === '') continue
    const definition = context.policy.traits.get(key)
    if (!definition || definition.sealed) {
      sealed[key] = value
      continue
    }
    const read = normalise(definition, value, null)
    if ('problem' in read) reasons.push(`property ${key} ${read.problem}`)
    else plain[key] = read.value
  }
  const vault = new Map(Object.keys(sealed).length > 0 ? [[UNREGISTERED, sealed]] : [])
  return { plain, vault }
}

function readId(
  properties: Readonly<Record<string, unknown>>,
  key: string,
  reasons: string[],
): string | null {
  const value = properties[key]
  if (value === undefined || value === null || value === '') return null
  const text = typeof value === 'number' ? String(value) : value
  const wrong = typeof text === 'string' ? keyProblem(text, ID_CHARACTERS) : 'is not text'
  if (wrong) reasons.push(`property ${key} ${wrong}`)
  return typeof text === 'string' ? text.trim() : null
}

/** A line's value, or its price times its quantity. Returns and corrections are no orders: they are not taken. */
function orderValue(properties: Readonly<Record<string, unknown>>, reasons: string[]): number {
  const quantity = readNumber(properties, 'quantity', reasons)
  if (quantity !== null && quantity <= 0)
    reasons.push('property quantity of an order must be above 0 (a return is no order)')
  const price = readNumber(properties, 'price', reasons)
  if (price !== null && price < 0) reasons.push('property price must not be negative')
  return readNumber(properties, 'value', reasons) ?? (price ?? 0) * (quantity ?? 1)
}

function readNumber(
  properties: Readonly<Record<string, unknown>>,
  key: string,
  reasons: string[],
): number | null {
  const value = properties[key]
  if (value === undefined || value === null || value === '') return null
  const read = normalise({ type: 'number' }, value, null)
  if ('value' in read) return Number(read.value)
  reasons.push(`property ${key} ${read.problem}`)
  return null
}
