/**
 * What is wrong with an export. Each kind names one fault:
 *
 * - `file-missing`, `file-malformed`: a file of the folder is not there, or not in the form of export-folder.ts
 * - `key-foreign`: a key in the folder is not the one that the verifier holds
 * - `log-signature`, `witness-signature`: that signature is missing or does not hold
 * - `checkpoint-other`: the checkpoint is not of the tree that range.json speaks of
 * - `checkpoint-replayed`: an earlier checkpoint stands in the place of this export's, or the whole export is an older one
 * - `checkpoint-swapped`: checkpoint and checkpoint.old stand in each other's place
 * - `checkpoint-forked`: the checkpoint does not extend the earlier one
 * - `entry-altered`, `entry-dropped`, `entry-added`, `entry-duplicated`, `entry-reordered`, `tail-truncated`: as they say
 * - `hashes-altered`: the entries are right and the list of their hashes is not
 * - `root-mismatch`: the entries do not lead to the checkpoint, and which of them are wrong can not be told
 * - `discard-unannounced`: the bytes of an entry are missing and no entry says that they were discarded
 * - `announcement-wrong`: an entry which says that others were discarded is not shown to be one of this log
 */
export type FindingKind =
  | 'file-missing'
  | 'file-malformed'
  | 'key-foreign'
  | 'log-signature'
  | 'witness-signature'
  | 'checkpoint-other'
  | 'checkpoint-replayed'
  | 'checkpoint-swapped'
  | 'checkpoint-forked'
  | 'entry-altered'
  | 'entry-dropped'
  | 'entry-added'
  | 'entry-duplicated'
  | 'entry-reordered'
  | 'tail-truncated'
  | 'hashes-altered'
  | 'root-mismatch'
  | 'discard-unannounced'
  | 'announcement-wrong'

export interface Finding {
  readonly kind: FindingKind
  /** The file in which it shows. */
  readonly file: string
  /** Number of the entry in the log. */
  readonly entry?: number
  /** Where it is a run of entries: the last of them. */
  readonly lastEntry?: number
  /** Line of `entries.jsonl`, counted from 1. */
  readonly line?: number
  /** In plain words. */
  readonly message: string
}

/** More than anybody reads; a wholly different file would otherwise fill the memory. */
const MOST_FINDINGS = 1_000

export class Findings {
  readonly #list: Finding[] = []
  #more = 0

  add(finding: Finding): void {
    if (this.#list.length < MOST_FINDINGS) this.#list.push(finding)
    else this.#more += 1
  }

  get list(): readonly Finding[] {
    return this.#list
  }

  /** How many there are besides those listed. */
  get more(): number {
    return this.#more
  }
}
