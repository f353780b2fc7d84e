import type { BandName } from '../privacy/generalise.ts'
import type { PlainColumn } from '../profiles/read-model.ts'

/** What a rule may do with a field: texts are compared whole, dates and numbers also by order, instants also with now. */
export type FieldType = 'text' | 'number' | 'boolean' | 'date' | 'instant' | 'list'

/** Where a field of the rule language stands in the features, and what it is. */
export interface FeatureField {
  readonly column: PlainColumn
  readonly path: readonly [string] | readonly [string, string]
  readonly type: FieldType
  /** Data category, where the trait registry of the policy names no other. */
  readonly category: string
  /** For numbers that can be generalised: their bands. */
  readonly band?: BandName
}

const field = (
  column: PlainColumn,
  name: string | readonly [string, string],
  type: FieldType,
  category: string,
  band?: BandName,
): FeatureField => ({
  column,
  path: typeof name === 'string' ? [name] : name,
  type,
  category,
  ...(band && { band }),
})

const ACTIVITY = 'user.behavior.activity'
const PURCHASES = 'user.behavior.purchase_history'

/** Fields that every installation has; custom traits of the policy come on top. */
export const featureFields: ReadonlyMap<string, FeatureField> = new Map([
  ['ageBand', field('demographics', ['ageBand', 'band'], 'text', 'user.demographic.age_band')],
  ['gender', field('demographics', 'gender', 'text', 'user.demographic.gender')],
  ['language', field('demographics', 'language', 'text', 'user.demographic.language')],
  ['country', field('location', 'country', 'text', 'user.location.country')],
  ['city', field('location', 'city', 'text', 'user.location.city')],
  ['plan', field('account', 'plan', 'text', 'user.account.plan')],
  ['lifecycleStage', field('account', 'lifecycleStage', 'text', 'user.account')],
  ['company', field('account', 'company', 'text', 'user.account')],
  ['customerSince', field('account', 'customerSince', 'date', 'user.account')],
  ['sessionCount', field('activity', 'sessionCount', 'number', ACTIVITY, 'count')],
  ['firstSeenAt', field('activity', 'firstSeenAt', 'instant', ACTIVITY)],
  ['lastSeenAt', field('activity', 'lastSeenAt', 'instant', ACTIVITY)],
  ['onboardingStep', field('activity', 'onboardingStep', 'text', ACTIVITY)],
  ['device', field('device', 'device', 'text', 'user.device')],
  ['browser', field('device', 'browser', 'text', 'user.device')],
  ['operatingSystem', field('device', 'operatingSystem', 'text', 'user.device')],
  ['orderCount', field('commerce', 'orderCount', 'number', PURCHASES, 'orders')],
  ['totalValue', field('commerce', 'totalValue', 'number', PURCHASES, 'value')],
  ['lastOrderAt', field('commerce', 'lastOrderAt', 'instant', PURCHASES)],
  ['favouriteCategories', field('commerce', 'favouriteCategories', 'list', PURCHASES)],
])
