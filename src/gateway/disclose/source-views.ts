import type { Instant } from '../../kernel/time.ts'
import type { TimelineEventView } from './views.ts'

/** One value as one source told it. */
export interface ToldValueView {
  readonly source: string
  readonly observedAt: Instant
  readonly receivedAt: Instant
  readonly key: string
  readonly category: string
  readonly value: unknown
}

/** One event with all of its properties. */
export interface KeptEventView extends Omit<TimelineEventView, 'properties'> {
  readonly source: string
  readonly properties: Readonly<Record<string, unknown>>
}
