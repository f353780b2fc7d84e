import type { Instant } from '../../kernel/time.ts'
import type { ConsentRecord } from './consent.ts'
import { type Notice, renewalDue } from './notices.ts'

/**
 * A decision as it counts: it ends when a later version of its notice requires that it is taken again, if not before.
 * DPV calls that ConsentExpired too: "the temporal or contextual validity of consent has expired".
 */
export function lapsingAtRenewal<R extends ConsentRecord>(
  record: R,
  notices: ReadonlyMap<string, Notice>,
): R {
  const due = renewalDue(notices, record.notice ?? null, record.noticeVersion ?? null)
  return due === null ? record : { ...record, expiresAt: earlier(record.expiresAt, due) }
}

const earlier = (one: Instant | null, other: Instant) =>
  one === null ? other : Math.min(one, other)
