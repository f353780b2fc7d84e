import type { Client, Principal } from '../../domain/access/principal.ts'
import { coveredByAny } from '../../domain/privacy/categories.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { ClientDraft } from './client-draft.ts'

/** Somebody who registers others: what limits them limits what they hand out. */
export type Limited = Pick<Principal, 'client' | 'subjects'>

/** Budgets of which a registration may name less than whoever registers it has, never more. */
const BUDGETS = ['lookupsPerDay', 'requestsPerMinute', 'costPerMinute'] as const

/** What a draft leaves open is limited as whoever words it. */
export function draftWithin(draft: ClientDraft, { client }: Limited): ClientDraft {
  return {
    ...draft,
    categories: draft.categories ?? client.categories,
    segments: draft.segments ?? client.segments,
    lookupsPerDay: draft.lookupsPerDay ?? client.lookupsPerDay,
    requestsPerMinute: draft.requestsPerMinute ?? client.requestsPerMinute,
    costPerMinute: draft.costPerMinute ?? client.costPerMinute,
  }
}

/** @throws Refusal FORBIDDEN naming the limit that this client would lift. */
export function refuseBeyond(client: Client, limits: Limited | undefined): void {
  const lifted = limits && limitLifted(client, limits)
  if (lifted)
    throw new Refusal('FORBIDDEN', `You are limited in ${lifted}; the client would not be.`)
}

function limitLifted(client: Client, { client: by, subjects }: Limited): string | null {
  // No registration is limited to single people.
  if (subjects !== null) return 'people'
  const { categories, segments } = by
  if (categories && !client.categories?.every((one) => coveredByAny(categories, one)))
    return 'categories'
  if (segments && !client.segments?.every((one) => segments.includes(one))) return 'segments'
  return BUDGETS.find((budget) => (client[budget] ?? Infinity) > (by[budget] ?? Infinity)) ?? null
}
