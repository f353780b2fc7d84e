import { asFlag, normalise } from '../../domain/profiles/normalise.ts'
import { keyProblem, textProblem } from '../../domain/profiles/plain-text.ts'
import { type ItemEntry, Unacceptable } from './entry.ts'
import type { ItemInput } from './ingest-input.ts'

const ID_CHARACTERS = 256

/** @throws Unacceptable */
export function readItem(input: ItemInput): ItemEntry {
  const reasons: string[] = []
  const wrongId = keyProblem(input.id, ID_CHARACTERS)
  if (wrongId) reasons.push(`id ${wrongId}`)
  for (const key of ['title', 'category'] as const) {
    const wrong = input[key] === undefined ? null : textProblem(input[key])
    if (wrong) reasons.push(`${key} ${wrong}`)
  }
  const available = input.available === undefined ? true : asFlag(input.available)
  if (available === null) reasons.push('available is not true or false')
  const price = readPrice(input.price, reasons)
  if (reasons.length > 0) throw new Unacceptable(reasons)
  return {
    type: 'item',
    item: {
      id: input.id.trim(),
      title: input.title.trim(),
      category: input.category?.trim() ?? null,
      price,
      available: available ?? true,
      attributes: input.attributes ?? {},
    },
  }
}

function readPrice(value: number | string | undefined, reasons: string[]): number | null {
  if (value === undefined || value === '') return null
  const read = normalise({ type: 'number' }, value, null)
  if ('value' in read && Number(read.value) >= 0) return Number(read.value)
  reasons.push('problem' in read ? `price ${read.problem}` : 'price must not be negative')
  return null
}
