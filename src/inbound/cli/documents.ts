import { readFile } from 'node:fs/promises'
import { Presets, SingleBar } from 'cli-progress'
import Table from 'cli-table3'
import type { Command } from 'commander'
import type { DocumentLine, TrustedDocuments } from '../../gateway/govern/trusted-documents.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { readManifest } from './document-manifest.ts'

type Open = () => Promise<{ readonly documents: TrustedDocuments; close(): Promise<void> }>

interface Where {
  readonly print: (text: string) => void
  /** Progress, for people. */
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

/** A shorter manifest is checked before anybody could read a bar. */
const LONG = 100

/** `bauta documents register | list | remove`: the GraphQL documents that a client may send by their id. */
export function registerDocuments(program: Command, open: Open, where: Where): void {
  const { print } = where
  const run = async (work: (documents: TrustedDocuments) => Promise<string>) => {
    const { documents, close } = await open()
    try {
      print(await work(documents))
    } finally {
      await close()
    }
  }
  const documents = program
    .command('documents')
    .description('GraphQL documents that clients may send by their id; partners send no others')
  documents
    .command('register <manifest>')
    .description(
      'check and register every document of a manifest, or none: of Apollo, of Relay, or a JSON object from hash to text',
    )
    .requiredOption('--client <id>', 'who may send them (required)')
    .option(
      '--purpose <purpose>',
      'what documents without @purpose are for; default: the default purpose of the client',
    )
    .action((file: string, { client, purpose }: { client: string; purpose?: string }) =>
      run(async (all) => {
        const drafts = readManifest(await textOf(file))
        const progress = progressOn(where, drafts.length)
        try {
          const count = await all.register(client, drafts, {
            ...(purpose !== undefined && { purpose }),
            onProgress: progress.at,
          })
          const are = count === 1 ? '1 document is' : `${count} documents are`
          return `${are} registered for ${client}.`
        } finally {
          progress.end()
        }
      }),
    )
  documents
    .command('list')
    .description('what is registered')
    .option('--client <id>', 'only of this client')
    .option('--json', 'print JSON instead of a table')
    .action(({ client = null, json }: { client?: string | null; json?: true }) =>
      run(async (all) => {
        const lines = await all.list(client)
        return json ? JSON.stringify(lines, null, 2) : listed(lines)
      }),
    )
  documents
    .command('remove <document-id>')
    .description('refuse a document from now on')
    .requiredOption('--client <id>', 'whose it is (required)')
    .action((id: string, { client }: { client: string }) =>
      run(async (all) => {
        await all.remove(client, id)
        return `${id} is removed.`
      }),
    )
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Refusal('NOT_FOUND', `The manifest ${file} can not be read.`, { cause })
  }
}

function listed(lines: readonly DocumentLine[]): string {
  const table = new Table({
    head: ['client', 'operations', 'purpose', 'document id', 'registered'],
    style: { head: [], border: [] },
  })
  for (const { client, operations, purpose, documentId, registeredAt } of lines)
    table.push([client, operations.join('\n'), purpose ?? '-', documentId, registeredAt])
  return table.toString()
}

function progressOn({ err }: Where, total: number) {
  if (!err.isTTY || total < LONG) return { at: () => {}, end: () => {} }
  const bar = new SingleBar(
    { stream: err, format: '{bar} {value} of {total} documents', hideCursor: true },
    Presets.shades_classic,
  )
  bar.start(total, 0)
  return { at: (checked: number) => bar.update(checked), end: () => bar.stop() }
}
