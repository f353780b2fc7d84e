import { faker as english } from '@faker-js/faker/locale/en'
import type { ItemInput } from '../../gateway/ingest/ingest-input.ts'

/** What the demo shop sells: 25 categories, each with its usual price. */
const ASSORTMENT: readonly (readonly [category: string, noun: string, price: number])[] = [
  ['Coffee', 'Coffee', 12],
  ['Tea', 'Tea', 9],
  ['Chocolate', 'Chocolate', 6],
  ['Spices', 'Spice Mix', 5],
  ['Cookware', 'Pan', 45],
  ['Knives', 'Knife', 60],
  ['Tableware', 'Bowl', 14],
  ['Glassware', 'Glass', 11],
  ['Lighting', 'Lamp', 70],
  ['Bedding', 'Blanket', 55],
  ['Bath', 'Towel', 18],
  ['Gardening', 'Planter', 24],
  ['Houseplants', 'Plant', 22],
  ['Stationery', 'Notebook', 8],
  ['Fountain Pens', 'Pen', 40],
  ['Board Games', 'Game', 35],
  ['Puzzles', 'Puzzle', 20],
  ['Vinyl', 'Record', 26],
  ['Headphones', 'Headphones', 120],
  ['Cameras', 'Camera', 380],
  ['Cycling', 'Pannier', 65],
  ['Hiking', 'Backpack', 95],
  ['Yoga', 'Mat', 38],
  ['Running', 'Shoe', 110],
  ['Travel', 'Suitcase', 150],
]
const PER_CATEGORY = 20
/** Items of one line belong together: who likes one of them likes the others. */
const PER_LINE = 5
export const CATEGORIES = ASSORTMENT.length
export const LINES = PER_CATEGORY / PER_LINE

/** The 500 items. Item `item-<category>-<number>`; numbers 1 to 5 are the first line of the category, and so on. */
export function catalogue(seed: number): readonly (ItemInput & { readonly price: number })[] {
  english.seed(seed)
  return ASSORTMENT.flatMap(([category, noun, price], index) =>
    Array.from({ length: PER_CATEGORY }, (_, number) => ({
      type: 'item' as const,
      id: itemId(index, number),
      title: `${english.commerce.productAdjective()} ${english.commerce.productMaterial()} ${noun}`,
      category,
      price: Math.round(price * english.number.float({ min: 0.6, max: 1.6 }) * 100) / 100,
      available: english.number.int(99) > 1,
    })),
  )
}

/** An item by category, and line or none in particular; low numbers of a range are the popular ones. */
export function pickItem(
  category: number,
  line: number | null,
  chance: (low: number, high: number) => number,
): string {
  const width = line === null ? PER_CATEGORY : PER_LINE
  const popular = Math.min(chance(0, width - 1), chance(0, width - 1))
  return itemId(category, (line ?? 0) * PER_LINE + popular)
}

function itemId(category: number, number: number): string {
  return `item-${String(category + 1).padStart(2, '0')}-${String(number + 1).padStart(2, '0')}`
}
