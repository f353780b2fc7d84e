import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCheckpoint, signCheckpoint } from '../../domain/audit/checkpoint.ts'
import {
  type CheckpointSigner,
  type LastSigned,
  mustExtend,
  type Tree,
} from '../../domain/audit/checkpoint-signer.ts'
import { treeRootOf } from '../../domain/audit/merkle.ts'
import { type SignerKey, signerKey, type VerifierKey } from '../../domain/audit/signed-note.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { createDurably } from './durable-file.ts'
import { FencedFile } from './fenced-file.ts'

const FORMAT = 'bauta/audit-log/v1'

/** What stands in the file: one log after the other, the one that is signed for last. */
interface LogFile {
  readonly format: string
  readonly logs: readonly { readonly origin: string; readonly last: string }[]
}

export interface FileCheckpointSignerOptions {
  /** The key folder. */
  readonly dir: string
  /** The 32 bytes that the key of a log is made of, by number of the log: derived from the installation secret. */
  readonly seedOf: (epoch: number) => Uint8Array
  /** Name under which a first log begins. */
  readonly origin: string
  /** False where the database holds checkpoints already: they were signed by a log whose file must exist. */
  readonly mayCreate: boolean
}

/** `audit-log.json` in the key folder, shared by all gateways of an installation and changed by one at a time. */
export class FileCheckpointSigner implements CheckpointSigner {
  readonly #path: string
  readonly #seedOf: (epoch: number) => Uint8Array
  readonly #file: FencedFile
  readonly #keys = new Map<number, SignerKey>()
  #opened: LastSigned | null = null

  /** @throws Refusal KEYS_UNAVAILABLE: the file is missing or damaged. */
  static async open(options: FileCheckpointSignerOptions): Promise<FileCheckpointSigner> {
    const signer = new FileCheckpointSigner(options)
    if (!existsSync(signer.#path)) {
      if (!options.mayCreate)
        throw new Refusal(
          'KEYS_UNAVAILABLE',
          `${signer.#path} is missing, but checkpoints that it answers for exist; restore the key folder from its backup.`,
        )
      const logs = [{ origin: options.origin, last: signer.#empty(1, options.origin) }]
      await createDurably(signer.#path, contentOf(logs))
    }
    await signer.last()
    return signer
  }

  private constructor({ dir, seedOf }: FileCheckpointSignerOptions) {
    this.#path = join(dir, 'audit-log.json')
    this.#seedOf = seedOf
    this.#file = new FencedFile(this.#path, join(dir, 'audit-log.turn'))
  }

  /** Name under which the first log began; logs after a fork have it in front of their own. */
  get origin(): string {
    return this.#read().logs[0]?.origin ?? ''
  }

  async last(): Promise<LastSigned> {
    return this.#last(this.#read())
  }

  async keys(): Promise<readonly VerifierKey[]> {
    return this.#read()
      .logs.map(({ origin }, at) => this.#keyOf(at + 1, origin))
      .map(({ name, id, publicKey }) => ({ name, id, publicKey }))
      .reverse()
  }

  async sign(
    tree: Tree,
    consistency: (from: number) => Promise<readonly Uint8Array[]>,
  ): Promise<LastSigned> {
    return await this.#file.hold(async (replace) => {
      const file = this.#read()
      const last = this.#last(file)
      await mustExtend(last, tree, consistency)
      if (tree.size === last.size) return last
      const { epoch, origin } = last
      const note = signCheckpoint({ ...tree, origin }, this.#keyOf(epoch, origin))
      await replace(contentOf([...file.logs.slice(0, -1), { origin, last: note }]))
      return { ...tree, epoch, origin, note }
    })
  }

  async fork(): Promise<LastSigned> {
    return await this.#file.hold(async (replace) => {
      const { logs } = this.#read()
      const epoch = logs.length + 1
      const origin = `${this.origin}/${epoch}`
      await replace(contentOf([...logs, { origin, last: this.#empty(epoch, origin) }]))
      return this.#last(this.#read())
    })
  }

  #empty(epoch: number, origin: string): string {
    return signCheckpoint({ origin, size: 0, root: treeRootOf([]) }, this.#keyOf(epoch, origin))
  }

  #keyOf(epoch: number, origin: string): SignerKey {
    let key = this.#keys.get(epoch)
    if (key?.name !== origin) {
      key = signerKey(origin, this.#seedOf(epoch))
      this.#keys.set(epoch, key)
    }
    return key
  }

  #last({ logs }: LogFile): LastSigned {
    const epoch = logs.length
    const { origin, last: note } = logs[epoch - 1] ?? { origin: '', last: '' }
    if (this.#opened?.note === note && this.#opened.epoch === epoch) return this.#opened
    try {
      const { size, root } = openCheckpoint(note, this.#keyOf(epoch, origin))
      this.#opened = { epoch, origin, size, root, note }
      return this.#opened
    } catch (cause) {
      throw this.#unreadable(cause)
    }
  }

  #read(): LogFile {
    try {
      const file = JSON.parse(readFileSync(this.#path, 'utf8')) as LogFile
      if (file.format === FORMAT && Array.isArray(file.logs)) return file
    } catch (cause) {
      throw this.#unreadable(cause)
    }
    throw this.#unreadable()
  }

  #unreadable(cause?: unknown): Refusal {
    const message = `${this.#path} is damaged or can not be read; restore it from its backup.`
    return new Refusal('KEYS_UNAVAILABLE', message, { cause })
  }
}

function contentOf(logs: LogFile['logs']): Buffer {
  const file: LogFile = { format: FORMAT, logs }
  return Buffer.from(`${JSON.stringify(file, null, 2)}\n`)
}
