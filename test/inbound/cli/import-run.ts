import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { Command } from 'commander'
import type { Ingest } from '../../../src/gateway/ingest/ingest.ts'
import { registerImport } from '../../../src/inbound/cli/import.ts'
import { type FreshDatabase, freshEmbedded } from '../../contracts/fresh-database.ts'
import { IngestHouse } from '../../gateway/ingest/ingest-house.ts'

/** What `bauta import` prints, given these words. @throws what it would end with. */
export async function bautaImport(
  ingest: Ingest,
  words: readonly string[],
  input: Iterable<Buffer> = [],
): Promise<string> {
  const out = new PassThrough()
  const printed: Buffer[] = []
  out.on('data', (piece: Buffer) => printed.push(piece))
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  registerImport(program, async () => ({ ingest, close: async () => {} }), {
    out,
    err: new PassThrough(),
    in: Readable.from(input),
  })
  for (const command of program.commands[0]?.commands ?? []) command.exitOverride()
  await program.parseAsync(['import', ...words], { from: 'user' })
  return Buffer.concat(printed).toString('utf8')
}

/** The command line over an ingest door of its own. */
export class ImportRun {
  readonly house: IngestHouse
  readonly #database: FreshDatabase
  readonly #folder: string

  private constructor(database: FreshDatabase, house: IngestHouse, folder: string) {
    this.#database = database
    this.house = house
    this.#folder = folder
  }

  static async open(): Promise<ImportRun> {
    const database = await freshEmbedded()
    const folder = await mkdtemp(join(tmpdir(), 'bauta-import-'))
    return new ImportRun(database, await IngestHouse.over(database), folder)
  }

  async close(): Promise<void> {
    await this.#database.drop()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async file(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.#folder, name)
    await writeFile(path, content)
    return path
  }

  /** What the command prints. @throws what it would end with. */
  async bauta(words: readonly string[], input: Iterable<Buffer> = []): Promise<string> {
    return await bautaImport(this.house.ingest, words, input)
  }

  /** Counts as the last line of a report gives them. */
  static countsIn(report: string) {
    const [, received, accepted, quarantined, duplicates] =
      /received (\d+) = accepted (\d+) \+ quarantined (\d+) \+ duplicates (\d+)/.exec(report) ?? []
    return [received, accepted, quarantined, duplicates].map(Number)
  }
}
