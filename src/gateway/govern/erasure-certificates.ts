import type { AuditLog } from '../../domain/audit/audit-log.ts'
import type { PublishedProofs } from '../../domain/audit/published-proofs.ts'
import { formatTlogProof } from '../../domain/audit/tlog-proof.ts'
import type { ErasureRemains } from '../../domain/profiles/erasure-remains.ts'
import type { ErasureRecord, ErasureStore } from '../../domain/profiles/erasure-store.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, DAY, type Instant, isoInstant, SECOND } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Scope } from '../scope/scope.ts'

/** One place where something of a person may be, and since when it is not. RFC 3339; null: not yet. */
export interface ErasedStore {
  readonly store: string
  /** Since when nothing there is used any more. */
  readonly stopped: string | null
  /** Since when its bytes are gone. */
  readonly gone: string | null
}

/**
 * What can be shown of an erasure to anybody: it names nobody. Each entry is a line of the audit trail with the proof that
 * leads from it to a signed checkpoint (C2SP tlog-proof), so the certificate is as good as the signatures on that.
 */
export interface ErasureCertificate {
  readonly erasure: string
  readonly stores: readonly ErasedStore[]
  readonly entries: readonly { readonly line: string; readonly proof: string }[]
  /** Public keys of the log (C2SP vkey), the one in use first. */
  readonly keys: readonly string[]
}

export interface ErasureCertificatesParts {
  readonly store: Pick<ErasureStore, 'find' | 'list'>
  readonly remains: ErasureRemains
  readonly log: Pick<AuditLog, 'find'>
  readonly tree: PublishedProofs
  readonly recorder: Pick<Recorder, 'recordAction'>
  readonly clock: Clock
  /** For how long backups of the database and of the keys are kept, as the operator promises. */
  readonly backupDays: number
}

/** More entries than this one erasure never leaves. */
const ENTRIES = 100
/** After how long every gateway has dropped keys that it holds in memory. */
const IN_MEMORY = SECOND

/** Follows erasures until their bytes are gone, and certifies how far each has come. */
export class ErasureCertificates {
  readonly #parts: ErasureCertificatesParts

  constructor(parts: ErasureCertificatesParts) {
    this.#parts = parts
  }

  /** Newest first. */
  async list(limit: number): Promise<readonly ErasureRecord[]> {
    return await this.#parts.store.list(limit)
  }

  /**
   * Writes the files of tables anew, without what was erased, and says on the trail which erasures are gone for good.
   * @returns how many erasures left the files of tables.
   * @throws Refusal CONFLICT where something still sees what was deleted.
   */
  async rewrite(said: (table: string) => void = () => {}): Promise<number> {
    const { remains, recorder, clock } = this.#parts
    const waiting = await remains.waiting(clock.now())
    if (waiting === 0) return 0
    await recorder.recordAction({ action: 'erasure.rewrite', erasures: waiting })
    const rewritten = await remains.rewrite(() => clock.now(), said)
    await this.look()
    return rewritten
  }

  /**
   * What is due by itself: a rewrite so many days after the first erasure that waits for one (0: never), and what the log has lost.
   * @returns how many erasures have come further.
   */
  async sweep(rewriteAfterDays: number): Promise<number> {
    const { remains, clock } = this.#parts
    const isDue =
      rewriteAfterDays > 0 && (await remains.waiting(clock.now() - rewriteAfterDays * DAY)) > 0
    const rewritten = isDue ? await this.rewrite() : 0
    return rewritten + (await this.look())
  }

  /** Says on the trail which erasures have left the write-ahead log by now. @returns how many. */
  async look(): Promise<number> {
    const { remains, recorder, clock, backupDays } = this.#parts
    const gone = await remains.turnedOver()
    for (const one of gone) {
      const now = clock.now()
      await recorder.recordAction(
        {
          action: 'erasure.gone',
          erasure: one.id,
          ...Object.fromEntries(
            storesOf({ ...one, goneAt: now }, backupDays).map(({ store, gone }) => [store, gone]),
          ),
        },
        { requestId: one.id },
      )
      await remains.noteGone(one.id, now)
    }
    return gone.length
  }

  /** As `certificate`, for staff. @throws Refusal FORBIDDEN, NOT_FOUND */
  async askedFor({ grant }: Scope, id: string): Promise<ErasureCertificate> {
    if (!grant.scopes.has('rights:write') || grant.actsForSubject)
      throw new Refusal('FORBIDDEN', 'This token may not do that.')
    return await this.certificate(id)
  }

  /**
   * How far an erasure has come. Entries of the last second may not be signed yet and are left out.
   * @throws Refusal NOT_FOUND
   */
  async certificate(id: string): Promise<ErasureCertificate> {
    const { store, log, tree, backupDays } = this.#parts
    const erasure = await store.find(id)
    if (erasure === null) throw new Refusal('NOT_FOUND', 'There is no such erasure.')
    const checkpoint = await tree.checkpoint()
    const size = Number(checkpoint.split('\n')[1])
    const found = await log.find({ requestId: id }, { limit: ENTRIES, before: size })
    const entries = found.toReversed().map(async ({ index, bytes }) => {
      const { proof } = await tree.inclusion(index, size)
      const hashes = proof.map((hash) => Buffer.from(hash, 'base64'))
      return {
        line: Buffer.from(bytes).toString('utf8'),
        proof: formatTlogProof({ index, proof: hashes, checkpoint }),
      }
    })
    return {
      erasure: id,
      stores: storesOf(erasure, backupDays),
      entries: await Promise.all(entries),
      keys: await tree.keys(),
    }
  }
}

/** Where something of a person may be. Names are as they stand on the trail. */
function storesOf(
  { begunAt, stoppedAt, refittedAt, rewrittenAt, goneAt }: ErasureRecord,
  backupDays: number,
): ErasedStore[] {
  const line = (store: string, stopped: Instant | null, gone: Instant | null): ErasedStore => ({
    store,
    stopped: stopped === null ? null : isoInstant(stopped),
    gone: gone === null ? null : isoInstant(gone),
  })
  const after = (instant: Instant | null, ms: number) => (instant === null ? null : instant + ms)
  return [
    line('profile', begunAt, rewrittenAt),
    line('records and events', begunAt, rewrittenAt),
    line('consents', begunAt, rewrittenAt),
    line('identifiers', begunAt, rewrittenAt),
    line('quarantine', begunAt, rewrittenAt),
    line('messages to others', begunAt, rewrittenAt),
    line('index of the trail', stoppedAt, rewrittenAt),
    line('recommender', refittedAt, rewrittenAt),
    line('data keys', stoppedAt, stoppedAt),
    line('memory of gateways', begunAt, after(stoppedAt, IN_MEMORY)),
    line('write-ahead log', begunAt, goneAt),
    line('backups', begunAt, after(goneAt, backupDays * DAY)),
  ]
}
