import type { Category } from './categories.ts'

/** Orders, purchases, refunds and payments, as words of an event's name (`Order Completed`, `orderRefunded`, `purchase`). */
const ABOUT_PURCHASES = /(?:^|[^a-z])(?:order|purchase|refund|payment)/i

/** The data category of having done something: what tells of purchases is purchase history, all else activity. */
export function eventCategory(name: string): Category {
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2')
  return ABOUT_PURCHASES.test(words) ? 'user.behavior.purchase_history' : 'user.behavior.activity'
}
