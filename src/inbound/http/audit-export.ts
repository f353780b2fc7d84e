import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ZipFile } from 'yazl'
import {
  type EntryFormat,
  type ExportFormat,
  entryFormats,
  exportFormats,
} from '../../gateway/attest/entry-formats.ts'
import type { ExportDoor } from '../../gateway/attest/export-door.ts'
import {
  consistencyOf,
  Discards,
  type ExportFile,
  exportFolderFiles,
} from '../../gateway/attest/export-files.ts'
import {
  type ExportAsked,
  type ExportPlan,
  instantOf,
  type TrailExport,
} from '../../gateway/attest/trail-export.ts'
import type { Caller } from '../../gateway/disclose/reception.ts'
import { Refusal } from '../../kernel/refusal.ts'

const ZIP = 'zip'

export interface AuditExportParts {
  readonly trail: TrailExport
  readonly door: ExportDoor
  readonly callerOf: (request: FastifyRequest) => Promise<Caller>
  /** What every export carries besides its evidence. */
  readonly carried: () => Promise<readonly ExportFile[]>
}

/**
 * `GET /audit/export?from=&to=&format=ndjson|csv|ocsf|zip&witnessed=true&since=&after=`: streamed, in constant memory. `zip` is
 * the whole folder that can be verified. The others are entries alone and can be resumed: `after` is the number of the last
 * entry that arrived, and `If-Match` with the ETag of the first answer makes sure that it is the same trail (412 where not).
 * `Bauta-Entries: first-last/size` says which entries these are. `since` is the size of an earlier export, and what proves that
 * this one extends it stands in the zip, or in `Bauta-Consistency` beside the others: what `consistency.json` would say.
 * Before the first byte, an entry says who exports what.
 */
export function auditExportRoutes(
  parts: AuditExportParts,
): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    const config = { audited: 'every export and every refusal', stream: true } as const
    app.get('/audit/export', { config }, async (request, reply) => {
      const caller = await parts.callerOf(request)
      const { principal, purposeHeader, requestId } = caller
      const by = await parts.door.admit(principal, purposeHeader, requestId)
      const asked = askedIn(request.query as Readonly<Record<string, unknown>>)
      const plan = await planned(parts.trail, asked, request.headers['if-match'])
      if (plan === null)
        return await reply
          .status(412)
          .send({ code: 'CONFLICT', message: 'The trail is not the one of this ETag.' })
      await parts.trail.record(plan, asked.format, by, asked.after)
      return await answer(reply, parts, plan, asked)
    })
  }
}

interface Asked extends Omit<ExportAsked, 'since'> {
  readonly format: ExportFormat | typeof ZIP
  readonly after: number | null
  /** Size of an earlier export. */
  readonly since: number | null
}

function askedIn(query: Readonly<Record<string, unknown>>): Asked {
  const text = (name: string) => {
    const value = query[name]
    if (value === undefined || typeof value === 'string') return value ?? null
    throw new Refusal('BAD_USER_INPUT', `"${name}" stands twice.`)
  }
  const [from, to, since, after] = [text('from'), text('to'), text('since'), text('after')]
  const wanted = text('format') ?? 'ndjson'
  const format = ([...exportFormats, ZIP] as const).find((one) => one === wanted)
  if (!format)
    throw new Refusal('BAD_USER_INPUT', `"format" is one of ${[...exportFormats, ZIP].join(', ')}.`)
  if (after !== null && (!/^\d{1,15}$/.test(after) || format === ZIP))
    throw new Refusal(
      'BAD_USER_INPUT',
      '"after" is the number of an entry; a zip has to be fetched whole.',
    )
  if (since !== null && !/^[1-9]\d{0,14}$/.test(since))
    throw new Refusal('BAD_USER_INPUT', '"since" is the size of an earlier export: a number.')
  return {
    from: from === null ? null : instantOf(from, 'from'),
    to: to === null ? null : instantOf(to, 'to'),
    witnessed: text('witnessed') === 'true',
    since: since === null ? null : Number(since),
    format,
    after: after === null ? null : Number(after),
  }
}

/** Null where the trail is not the one that the tag names. */
async function planned(
  trail: TrailExport,
  asked: Asked,
  ifMatch: string | undefined,
): Promise<ExportPlan | null> {
  const isSame = ifMatch !== undefined && asked.format !== ZIP
  const since = asked.since === null ? null : await trail.checkpointOf(asked.since)
  const wanted = { ...asked, since }
  const plan = isSame ? await trail.planOf(wanted, ifMatch) : await trail.plan(wanted)
  if (plan === null || asked.after === null) return plan
  const first = asked.after + 1
  const end = plan.first + plan.count
  if (first < plan.first || first > end)
    throw new Refusal('BAD_USER_INPUT', `"after" must be from ${plan.first - 1} to ${end - 1}.`)
  return { ...plan, first, count: end - first }
}

async function answer(
  reply: FastifyReply,
  { trail, carried }: AuditExportParts,
  plan: ExportPlan,
  { format }: Asked,
): Promise<FastifyReply> {
  const { first, count, size } = plan
  const last = first + count - 1
  const type = format === ZIP ? 'application/zip' : entryFormats[format].mediaType
  const name = format === ZIP ? `audit-${first}-${last}.zip` : entryFormats[format].file
  const consistency = format === ZIP ? null : await consistencyOf(trail.parts, plan)
  if (consistency !== null) reply.header('bauta-consistency', consistency.trimEnd())
  return await reply
    .type(type)
    .header('etag', plan.tag)
    .header('bauta-entries', `${first}-${last}/${size}`)
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(
      format === ZIP
        ? zipped(trail, plan, await carried())
        : Readable.from(entriesOf(trail, plan, entryFormats[format]), { objectMode: false }),
    )
}

async function* entriesOf(
  trail: TrailExport,
  plan: ExportPlan,
  { head, page }: EntryFormat,
): AsyncGenerator<Uint8Array> {
  if (head !== '') yield Buffer.from(head)
  for await (const leaves of trail.leaves(plan)) yield page(leaves)
}

/** The folder, one file after the other: what follows from the entries stands behind them. */
function zipped(trail: TrailExport, plan: ExportPlan, carried: readonly ExportFile[]): Readable {
  const zip = new ZipFile()
  const out = zip.outputStream as Readable
  const fail = (error: Error) => void out.destroy(error)
  const discards = new Discards()
  const stream = (bytes: AsyncIterable<Uint8Array>) =>
    Readable.from(bytes, { objectMode: false }).on('error', fail)
  const entries = stream(noting(trail, plan, discards))
  entries.on('end', () => {
    exportFolderFiles(trail.parts, plan, discards.runs, carried).then((files) => {
      for (const { path, bytes } of files) zip.addBuffer(Buffer.from(bytes), path)
      zip.end()
    }, fail)
  })
  zip.addReadStream(stream(hashesOf(trail, plan)), 'hashes', { compress: false })
  zip.addReadStream(entries, entryFormats.ndjson.file)
  return out
}

async function* noting(
  trail: TrailExport,
  plan: ExportPlan,
  discards: Discards,
): AsyncGenerator<Uint8Array> {
  for await (const leaves of trail.leaves(plan)) {
    for (const leaf of leaves) discards.note(leaf)
    yield entryFormats.ndjson.page(leaves)
  }
}

async function* hashesOf(trail: TrailExport, plan: ExportPlan): AsyncGenerator<Uint8Array> {
  for await (const leaves of trail.leaves(plan)) yield Buffer.concat(leaves.map(({ hash }) => hash))
}
