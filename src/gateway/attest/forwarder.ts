import pRetry from 'p-retry'
import type { AuditLeaves, TrailLeaf } from '../../domain/audit/audit-leaves.ts'
import type { AuditLog } from '../../domain/audit/audit-log.ts'
import type { AuditSink, SinkPosition, SinkRecord } from '../../domain/audit/audit-sink.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import { ocsfOf } from '../../domain/audit/ocsf.ts'
import { MINUTE, SECOND } from '../../kernel/time.ts'

/** As entries are sent on: their exact bytes, or rendered for a SIEM. */
export const sinkFormats = ['ndjson', 'ocsf'] as const
export type SinkFormat = (typeof sinkFormats)[number]

/** Small enough for one request, large enough to catch up with a busy day. */
const BATCH = 500
const BACK_OFF = { retries: 6, minTimeout: SECOND, maxTimeout: MINUTE, factor: 2, randomize: true }

export interface ForwarderParts {
  readonly log: Pick<AuditLog, 'size'>
  readonly leaves: AuditLeaves
  readonly position: SinkPosition
  readonly sink: AuditSink
  readonly format: SinkFormat
  /** How failures are spaced; without it, from a second up to a minute. */
  readonly backOff?: { readonly retries: number; readonly minTimeout: number }
}

/**
 * Sends the trail on, from the log and by position: nobody who asks something waits for it, whatever the sink does. Each
 * entry arrives at least once and in order; entries that retention has discarded meanwhile are left out.
 */
export class Forwarder {
  readonly #parts: ForwarderParts
  readonly #stop = new AbortController()
  #lag = 0
  #failures = 0

  constructor(parts: ForwarderParts) {
    this.#parts = parts
  }

  /** Entries that wait, as far as this gateway knows. */
  get lag(): number {
    return this.#lag
  }

  /** Batches that could not be delivered at once. */
  get failures(): number {
    return this.#failures
  }

  /** Sends what is there, unless another gateway is at it. @throws where the sink does not take it, after some tries. */
  async run(): Promise<void> {
    const { position, log } = this.#parts
    try {
      await position.alone(async () => {
        for (;;) {
          const [next, size] = [await position.next(), await log.size()]
          this.#lag = Math.max(0, size - next)
          if (this.#lag === 0 || this.#stop.signal.aborted) return
          await this.#send(next, Math.min(BATCH, this.#lag))
        }
      })
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#parts.sink.close()
  }

  async #send(first: number, count: number): Promise<void> {
    const { leaves, sink, position } = this.#parts
    const records: SinkRecord[] = []
    for await (const page of leaves.range(first, count))
      for (const leaf of page) records.push(...this.#recordOf(leaf))
    if (records.length > 0)
      await pRetry(async () => await sink.send(records), {
        ...BACK_OFF,
        ...this.#parts.backOff,
        signal: this.#stop.signal,
        onFailedAttempt: () => {
          this.#failures += 1
        },
      })
    await position.advance(first + count)
    this.#lag -= count
  }

  #recordOf({ index, bytes }: TrailLeaf): SinkRecord[] {
    if (bytes === null) return []
    const line = Buffer.from(bytes).toString('utf8')
    const entry = entryIn(line)
    const rendered =
      this.#parts.format === 'ocsf' && entry ? JSON.stringify(ocsfOf(entry, index)) : line
    return [
      { time: Date.parse(entry?.time ?? '') || 0, entryId: entry?.entryId ?? '', line: rendered },
    ]
  }
}

/** Null for an entry of a form that is not known any more: it is sent as it is. */
function entryIn(line: string): AuditEntry | null {
  try {
    const entry = JSON.parse(line) as AuditEntry | null
    return entry?.v === 1 ? entry : null
  } catch {
    return null
  }
}
