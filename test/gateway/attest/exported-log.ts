import { signCheckpoint } from '../../../src/domain/audit/checkpoint.ts'
import type { Finding, FindingKind } from '../../../src/domain/audit/export-finding.ts'
import {
  discardedLine,
  exportFiles,
  formatAnnouncement,
  formatConsistency,
  formatRange,
} from '../../../src/domain/audit/export-folder.ts'
import { leafHash } from '../../../src/domain/audit/merkle.ts'
import { discardedAction } from '../../../src/domain/audit/retention.ts'
import {
  cosignNote,
  formatVerifierKey,
  type SignerKey,
  signerKey,
} from '../../../src/domain/audit/signed-note.ts'
import type { TileAddress, TileReader } from '../../../src/domain/audit/tiles.ts'
import { EMPTY_EDGE, grow } from '../../../src/domain/audit/tree-growth.ts'
import {
  consistencyProof,
  inclusionProof,
  rangeProof,
  rootAt,
} from '../../../src/domain/audit/tree-proofs.ts'
import type { ExportReader } from '../../../src/gateway/attest/export-reader.ts'
import { type VerificationTerms, verifyExport } from '../../../src/gateway/attest/verify-export.ts'

export const logKey = signerKey('example.com/trail', Buffer.alloc(32, 1))
export const witnessKey = signerKey('example.com/officer', Buffer.alloc(32, 2))

/** Bytes of entry `index`: of several lengths, like those of the trail, and no two alike. */
export function entryBytes(index: number): Buffer {
  const pad = 'x'.repeat((index * 37) % 90)
  return Buffer.from(JSON.stringify({ v: 1, entryId: `e${index}`, outcome: 'permit', pad }))
}

/** A log of entries as the gateway keeps it, from which exports are made. */
export class SmallLog implements TileReader {
  readonly entries: readonly Buffer[]
  readonly #tiles: ReadonlyMap<string, Uint8Array>

  constructor(entries: readonly Buffer[]) {
    this.entries = entries
    const { tiles } = grow(EMPTY_EDGE, entries.map(leafHash))
    this.#tiles = new Map(tiles.map(({ address, hashes }) => [placeOf(address), hashes]))
  }

  static of(size: number): SmallLog {
    return new SmallLog(Array.from({ length: size }, (_, index) => entryBytes(index)))
  }

  read(addresses: readonly TileAddress[]): Promise<readonly Uint8Array[]> {
    return Promise.resolve(
      addresses.map((address) => this.#tiles.get(placeOf(address)) ?? new Uint8Array()),
    )
  }

  async checkpoint(size: number, witness: SignerKey | null = witnessKey): Promise<string> {
    const root = await rootAt(size, this)
    const note = signCheckpoint({ origin: logKey.name, size, root }, logKey)
    return witness ? cosignNote(note, witness) : note
  }

  async export(asked: ExportAsked): Promise<FolderInMemory> {
    const { first, count, size, oldSize, discarded = new Set(), announcements = [] } = asked
    const { witness = witnessKey } = asked
    const indices = Array.from({ length: count }, (_, at) => first + at)
    const lineOf = (index: number) => {
      const entry = this.entries[index] as Buffer
      return discarded.has(index) ? Buffer.from(discardedLine(leafHash(entry))) : entry
    }
    const proofs = await rangeProof({ first, count, size }, this)
    const checkpoint = await this.checkpoint(size, witness)
    const folder = new FolderInMemory({
      [exportFiles.entries]: Buffer.concat(
        indices.flatMap((index) => [lineOf(index), Buffer.from('\n')]),
      ),
      [exportFiles.hashes]: Buffer.concat(
        indices.map((index) => leafHash(this.entries[index] as Buffer)),
      ),
      [exportFiles.range]: formatRange({ first, count, size, ...proofs, announcements }),
      [exportFiles.checkpoint]: checkpoint,
      [exportFiles.logKey]: `${formatVerifierKey(logKey)}\n`,
    })
    if (witness) folder.put(exportFiles.witnessKey, `${formatVerifierKey(witness)}\n`)
    if (oldSize !== undefined) {
      folder.put(exportFiles.oldCheckpoint, await this.checkpoint(oldSize, witness))
      const proof = await consistencyProof(oldSize, size, this)
      folder.put(exportFiles.consistency, formatConsistency({ oldSize, newSize: size, proof }))
    }
    for (const index of announcements) {
      const entry = (this.entries[index] as Buffer).toString('utf8')
      const proof = await inclusionProof(index, size, this)
      folder.put(exportFiles.announcementOf(index), formatAnnouncement({ entry, proof }))
    }
    return folder
  }
}

interface ExportAsked {
  readonly first: number
  readonly count: number
  readonly size: number
  readonly oldSize?: number
  readonly discarded?: ReadonlySet<number>
  readonly announcements?: readonly number[]
  /** Null: an export without a witness. */
  readonly witness?: SignerKey | null
}

/** An export whose files can be tampered with. Large files come in pieces of an awkward size. */
export class FolderInMemory implements ExportReader {
  readonly files: Map<string, Buffer>

  constructor(files: Readonly<Record<string, string | Buffer>>) {
    this.files = new Map(Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes)]))
  }

  read(file: string): Promise<Uint8Array | null> {
    return Promise.resolve(this.files.get(file) ?? null)
  }

  stream(file: string): Promise<AsyncIterable<Uint8Array> | null> {
    const bytes = this.files.get(file)
    return Promise.resolve(bytes ? inPieces(bytes) : null)
  }

  put(file: string, bytes: string | Buffer): void {
    this.files.set(file, Buffer.from(bytes))
  }

  bytes(file: string): Buffer {
    const bytes = this.files.get(file)
    if (!bytes) throw new Error(`There is no ${file}.`)
    return bytes
  }

  /** Lines of entries.jsonl, without their newlines. */
  get lines(): readonly string[] {
    return this.bytes(exportFiles.entries).toString('latin1').split('\n').slice(0, -1)
  }

  set lines(lines: readonly string[]) {
    const text = lines.map((line) => `${line}\n`).join('')
    this.put(exportFiles.entries, Buffer.from(text, 'latin1'))
  }

  copy(): FolderInMemory {
    return new FolderInMemory(Object.fromEntries(this.files))
  }
}

/** An entry which says that others were discarded. */
export function announcing(entryId: string, indices: readonly number[]): Buffer {
  const action = discardedAction({ class: 'sign-in', indices })
  return Buffer.from(JSON.stringify({ v: 1, entryId, phase: 'admin', action }))
}

const AWKWARD_PIECE = 1_009

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += AWKWARD_PIECE)
    yield bytes.subarray(at, at + AWKWARD_PIECE)
}

function placeOf({ level, index }: TileAddress): string {
  return `${level}/${index}`
}

/** Verifies and gives what was found; an export verifies exactly where nothing is found. */
export async function findingsIn(
  folder: FolderInMemory,
  asked: Partial<VerificationTerms> = {},
): Promise<readonly Finding[]> {
  const { findings, verified } = await verifyExport(folder, { withoutWitness: false, ...asked })
  expect(verified).toBe(findings.length === 0)
  return findings
}

export async function kindsIn(
  folder: FolderInMemory,
  asked: Partial<VerificationTerms> = {},
): Promise<readonly FindingKind[]> {
  return (await findingsIn(folder, asked)).map(({ kind }) => kind)
}
