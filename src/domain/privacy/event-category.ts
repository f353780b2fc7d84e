/** Orders, purchases, refunds and payments, as words of an event's name (`Order Completed`, `orderRefunded`, `purchase`). */
export const PURCHASE_WORDS = ['order', 'purchase', 'refund', 'payment'] as const
const ABOUT_PURCHASES = new RegExp(`(?:^|[^a-z])(?:${PURCHASE_WORDS.join('|')})`, 'i')

/** The data categories that an event can have. */
export const eventCategories = ['user.behavior.activity', 'user.behavior.purchase_history'] as const
export type EventCategory = (typeof eventCategories)[number]

/** The data category of having done something: what tells of purchases is purchase history, all else activity. */
export function eventCategory(name: string): EventCategory {
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2')
  return ABOUT_PURCHASES.test(words) ? 'user.behavior.purchase_history' : 'user.behavior.activity'
}
