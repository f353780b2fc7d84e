import { createHash } from 'node:crypto'
import type { AuditArchive, DiscardedEntry } from '../../domain/audit/audit-archive.ts'
import type { AuditLeaves, TrailLeaf } from '../../domain/audit/audit-leaves.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import { BUNDLE_ENTRIES } from '../../domain/audit/entry-bundle.ts'
import { discardedAction } from '../../domain/audit/retention.ts'
import { type RetentionRule, ruleFor } from '../../domain/audit/retention-rules.ts'
import { isUuid } from '../../kernel/ids.ts'
import { type Clock, DAY, type Instant } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'
import { entryIn, timeOf } from './entry-facts.ts'

/** Entries looked through for one announcement: the numbers of all of them still fit into one leaf. */
const PAGE = 32 * BUNDLE_ENTRIES
/** Announcements of one class in one round. */
const ROUND = 8

/**
 * Discards entries that are older than their class is kept. Only archived ones; each discarding is an entry itself, and is
 * durable before anything is gone. The hashes stay in the tree, so everything else verifies as before.
 */
export class Retention {
  readonly #archive: AuditArchive
  readonly #leaves: AuditLeaves
  readonly #recorder: Recorder
  readonly #clock: Clock
  readonly #rules: readonly RetentionRule[]

  constructor(
    ports: {
      readonly archive: AuditArchive
      readonly leaves: AuditLeaves
      readonly recorder: Recorder
      readonly clock: Clock
    },
    rules: readonly RetentionRule[],
  ) {
    this.#archive = ports.archive
    this.#leaves = ports.leaves
    this.#recorder = ports.recorder
    this.#clock = ports.clock
    this.#rules = rules
  }

  /** One round; nothing where another gateway is at it. @returns entries that were discarded. */
  async run(): Promise<number> {
    const discarded = await this.#archive.alone(async () => {
      let count = 0
      for (const rule of this.#rules)
        if (rule.days !== null)
          count += await this.#discard(rule, this.#clock.now() - rule.days * DAY)
      return count
    })
    return discarded ?? 0
  }

  async #discard(rule: RetentionRule, before: Instant): Promise<number> {
    const key = keyOf(rule, this.#rules)
    let count = 0
    for (let round = 0; round < ROUND; round++) {
      const from = await this.#archive.discardedTo(key)
      const bundles = await this.#bundlesBefore(from, before)
      if (bundles.length === 0) break
      const entries = bundles.flatMap((leaves) => leaves.flatMap((leaf) => this.#isOf(rule, leaf)))
      if (entries.length > 0) await this.#announce(rule, entries)
      await this.#archive.discard(entries, key, from + bundles.length * BUNDLE_ENTRIES)
      count += entries.length
    }
    return count
  }

  /** Archived bundles from there on, as long as everything in them is older. */
  async #bundlesBefore(from: number, before: Instant): Promise<readonly (readonly TrailLeaf[])[]> {
    const archived = await this.#archive.size()
    const bundles: TrailLeaf[][] = []
    let bundle: TrailLeaf[] = []
    for await (const page of this.#leaves.range(from, Math.min(PAGE, archived - from)))
      for (const leaf of page) {
        if (leaf.bytes && timeOf(leaf.bytes) >= before) return bundles
        bundle.push(leaf)
        if (bundle.length < BUNDLE_ENTRIES) continue
        bundles.push(bundle)
        bundle = []
      }
    return bundles
  }

  #isOf(rule: RetentionRule, { index, bytes }: TrailLeaf): DiscardedEntry[] {
    const entry = bytes && entryIn(bytes)
    if (!entry?.entryId || !isUuid(entry.entryId)) return []
    return ruleFor(this.#rules, entry as AuditEntry) === rule
      ? [{ index, entryId: entry.entryId }]
      : []
  }

  async #announce(rule: RetentionRule, entries: readonly DiscardedEntry[]): Promise<void> {
    await this.#recorder.recordAction(
      discardedAction({ class: rule.class, indices: entries.map(({ index }) => index) }),
    )
  }
}

/** Changes with every rule that decides what belongs to the class: then older entries are looked through again. */
function keyOf(rule: RetentionRule, rules: readonly RetentionRule[]): string {
  const deciding = rules
    .slice(0, rules.indexOf(rule) + 1)
    .map(({ phase, outcome, action }) => [phase, outcome, action])
  const digest = createHash('sha256').update(JSON.stringify(deciding)).digest('hex').slice(0, 16)
  return `${rule.class}/${digest}`
}
