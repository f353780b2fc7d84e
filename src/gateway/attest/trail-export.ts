import type { AuditLeaves, TrailLeaf } from '../../domain/audit/audit-leaves.ts'
import type { AuditLog } from '../../domain/audit/audit-log.ts'
import type { AuditTree } from '../../domain/audit/audit-tree.ts'
import { parseCheckpoint } from '../../domain/audit/checkpoint.ts'
import type { CheckpointSigner } from '../../domain/audit/checkpoint-signer.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import { equal } from '../../domain/audit/merkle.ts'
import { unverifiedText, type VerifierKey } from '../../domain/audit/signed-note.ts'
import type { TrailTimes } from '../../domain/audit/trail-times.ts'
import { rootAt } from '../../domain/audit/tree-proofs.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'

/** Which part of the trail. */
export interface ExportAsked {
  /** Null: from the first entry. */
  readonly from: Instant | null
  /** Null: to the last entry that is signed for. */
  readonly to: Instant | null
  /** The newest checkpoint that the witness has signed, instead of the newest. */
  readonly witnessed: boolean
  /** Checkpoint of an earlier export, which this one is to extend. */
  readonly since: string | null
}

/** What an export holds, settled before the first byte leaves. */
export interface ExportPlan {
  readonly first: number
  readonly count: number
  /** Entries in the tree of the checkpoint. */
  readonly size: number
  /** Names the trail that this is part of: its size and root, as an HTTP entity tag. */
  readonly tag: string
  /** Signed note, with the witness's line where there is one. */
  readonly checkpoint: string
  readonly since: string | null
}

/** Who exports, as the entry names it. */
export interface Exporter {
  readonly actor: AuditEntry['actor']
  readonly audience: string
  readonly requestId: string
  readonly purpose: {
    readonly key: string
    readonly dpv: string
    readonly legalBasis: string
  } | null
}

export interface TrailExportParts {
  readonly log: AuditLog
  readonly leaves: AuditLeaves
  readonly times: TrailTimes
  readonly tree: AuditTree
  readonly signer: CheckpointSigner
  readonly witness: VerifierKey | null
  readonly recorder: Recorder
}

/** Exports of the trail: settled, recorded, and only then read. */
export class TrailExport {
  readonly parts: TrailExportParts

  constructor(parts: TrailExportParts) {
    this.parts = parts
  }

  /** @throws Refusal NOT_FOUND where nothing is signed or witnessed, or there is no entry in that time; BAD_USER_INPUT. */
  async plan(asked: ExportAsked): Promise<ExportPlan> {
    const { size, note } = await this.#checkpoint(asked.witnessed)
    return await this.#planned(asked, { size, note, tag: tagOf(size, checkpointIn(note).root) })
  }

  /** The checkpoint of an earlier export. @throws Refusal NOT_FOUND where none of that size is kept. */
  async checkpointOf(size: number): Promise<string> {
    const note = await this.parts.tree.recall(size)
    if (note !== null) return note
    const message = `No checkpoint of ${size} entries is kept here: "since" is the size of an earlier export.`
    throw new Refusal('NOT_FOUND', message)
  }

  /** The same export again, of the trail that a tag names; null where the trail is another one. It has no checkpoint. */
  async planOf(asked: ExportAsked, tag: string): Promise<ExportPlan | null> {
    const { tree } = this.parts
    const size = Number(/^"(\d{1,15})-/.exec(tag)?.[1] ?? 0)
    if (size === 0 || size > (await tree.size())) return null
    if (tag !== tagOf(size, await rootAt(size, tree))) return null
    return await this.#planned(asked, { size, note: '', tag })
  }

  /**
   * The plan of an export that was interrupted, if the trail still is what its checkpoint says.
   * @throws Refusal CONFLICT where it is not.
   */
  async again(plan: ExportPlan): Promise<ExportPlan> {
    const { root, size } = checkpointIn(plan.checkpoint)
    const there = await this.parts.tree.size()
    if (size !== plan.size || there < size || !equal(root, await rootAt(size, this.parts.tree)))
      throw new Refusal('CONFLICT', 'The trail is not the one that this export was begun from.')
    return plan
  }

  /**
   * The export's own entry: durable before the first byte leaves. From then on its checkpoint can be named by its size.
   * @throws Refusal AUDIT_UNAVAILABLE
   */
  async record(
    plan: ExportPlan,
    format: string,
    by: Exporter,
    after: number | null,
  ): Promise<void> {
    const { actor, audience, requestId, purpose } = by
    await this.parts.tree.keep(plan.size)
    await this.parts.recorder.record({
      requestId,
      phase: 'export',
      outcome: 'permit',
      actor,
      audience,
      operation: { documentId: null, name: null },
      purpose: purpose?.key ?? null,
      purposeIri: purpose?.dpv ?? null,
      legalBasis: purpose?.legalBasis ?? null,
      sets: [],
      subjects: [],
      argsHmac: null,
      action: {
        action: 'audit.export',
        first: plan.first,
        count: plan.count,
        size: plan.size,
        format,
        ...(after === null ? {} : { after }),
      },
    })
  }

  /** Entries of the plan from number `from` on, in pages; memory stays constant. @throws Refusal CONFLICT at a gap. */
  async *leaves({ first, count }: ExportPlan, from = first): AsyncGenerator<readonly TrailLeaf[]> {
    let next = from
    for await (const page of this.parts.leaves.range(from, first + count - from)) {
      for (const { index } of page) if (index !== next++) throw gapAt(next - 1)
      yield page
    }
    if (next < first + count) throw gapAt(next)
  }

  async #planned(
    { from, to, since }: ExportAsked,
    { size, note, tag }: { readonly size: number; readonly note: string; readonly tag: string },
  ): Promise<ExportPlan> {
    if (from !== null && to !== null && from >= to)
      throw new Refusal('BAD_USER_INPUT', '"from" must be before "to".')
    const isWhole = from === null && to === null
    const found = isWhole ? { first: 0, last: size - 1 } : await this.#within(from, to)
    const last = Math.min(found?.last ?? -1, size - 1)
    if (!found || found.first > last)
      throw new Refusal('NOT_FOUND', 'No entry of that time is signed for.')
    if (since !== null && checkpointIn(since).size > size)
      throw new Refusal(
        'BAD_USER_INPUT',
        'The earlier export is newer than what this one can hold.',
      )
    return { first: found.first, count: last + 1 - found.first, size, tag, checkpoint: note, since }
  }

  async #checkpoint(witnessed: boolean): Promise<{ size: number; note: string }> {
    const { tree } = this.parts
    const [latest, seen] = [await tree.latest(), await tree.latestWitnessed()]
    if (witnessed && !seen)
      throw new Refusal(
        'NOT_FOUND',
        'No checkpoint has been witnessed yet; see "bauta audit witness".',
      )
    const checkpoint = witnessed ? seen?.checkpoint : latest
    if (!checkpoint || checkpoint.size === 0)
      throw new Refusal('NOT_FOUND', 'Nothing has been signed for yet.')
    const { size, note } = checkpoint
    const hasLine = seen?.checkpoint.note === note
    return { size, note: hasLine ? `${note}${seen.line}\n` : note }
  }

  async #within(from: Instant | null, to: Instant | null) {
    return await this.parts.times.within(from ?? EARLIEST, to ?? LATEST)
  }
}

const EARLIEST = 0
const LATEST = Date.UTC(9999, 11, 31)

/** What an earlier checkpoint says; whoever verifies the export looks at its signatures. @throws Refusal BAD_USER_INPUT */
export function checkpointIn(note: string) {
  try {
    return parseCheckpoint(unverifiedText(note))
  } catch (cause) {
    throw new Refusal('BAD_USER_INPUT', 'That is not a checkpoint.', { cause })
  }
}

const TAG_BYTES = 16

function tagOf(size: number, root: Uint8Array): string {
  return `"${size}-${Buffer.from(root.subarray(0, TAG_BYTES)).toString('hex')}"`
}

function gapAt(index: number): Refusal {
  return new Refusal(
    'CONFLICT',
    `Entry ${index} of the trail is missing; nothing can be exported beyond it.`,
  )
}

/** `2026-01-31` or an RFC 3339 instant. @throws Refusal BAD_USER_INPUT naming what was asked. */
export function instantOf(text: string, name: string): Instant {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text)
  const instant = Date.parse(isDay ? `${text}T00:00:00Z` : text)
  if (!Number.isNaN(instant) && (isDay || /T.*(Z|[+-]\d\d:\d\d)$/.test(text))) return instant
  const example = isoInstant(Date.UTC(2026, 0, 31, 9, 30))
  throw new Refusal(
    'BAD_USER_INPUT',
    `"${name}" must be a day or an instant, such as 2026-01-31 or ${example}.`,
  )
}
