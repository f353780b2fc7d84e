import { monthOf } from '../../domain/privacy/generalise.ts'
import type { PlainGroups } from '../../domain/profiles/read-model.ts'
import type { Instant } from '../../kernel/time.ts'
import type { RowValues } from './row-values.ts'
import type { EventCountView, ExternalIdView, VerifiedIdentityView } from './views.ts'

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** Ids in other systems, each changed by the treatment. */
export function externalIds(row: RowValues, change: (text: string) => string): ExternalIdView[] {
  return Object.entries(row.sealed('user.unique_id.external')).map(([kind, value]) => ({
    kind,
    value: change(String(value)),
  }))
}

export function eventCounts(
  plain: PlainGroups,
  change: (count: number) => number,
): EventCountView[] {
  return Object.entries(plain.activity.eventCounts ?? {})
    .map(([name, count]) => ({ name, count: change(count) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function verifiedIdentities(row: RowValues, whole: boolean): VerifiedIdentityView[] {
  const { identityProvider, identitySubject, identityVerifiedAt } = row.sealed(
    'user.identity_verification',
  )
  const provider = text(identityProvider)
  if (provider === null) return []
  const verifiedAt = instantOf(identityVerifiedAt)
  return [
    {
      provider,
      subject: whole ? text(identitySubject) : null,
      verifiedAt: verifiedAt !== null && !whole ? monthOf(verifiedAt) : verifiedAt,
    },
  ]
}

function instantOf(value: unknown): Instant | null {
  if (typeof value === 'number') return value
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(parsed) ? null : parsed
}
