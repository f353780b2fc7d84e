import type { DocumentDraft } from '../../gateway/govern/trusted-documents.ts'
import { Refusal } from '../../kernel/refusal.ts'

const APOLLO = 'apollo-persisted-query-manifest'

/**
 * Documents of a manifest as builds of front ends write it: Apollo's (`generate-persisted-query-manifest`), or the plain
 * map from hash to text of Relay's compiler and GraphQL Code Generator.
 * @throws Refusal BAD_USER_INPUT
 */
export function readManifest(text: string): readonly DocumentDraft[] {
  const manifest = parsed(text)
  if (manifest.format !== APOLLO)
    return Object.entries(manifest).map(([id, document]) => draftOf(id, document))
  if (manifest.version !== 1 || !Array.isArray(manifest.operations))
    throw notReadable(`of the format ${APOLLO} only version 1 is known, with a list of operations`)
  return manifest.operations.map((one: unknown) => {
    const { id, body } = isRecord(one) ? one : {}
    return draftOf(id, body)
  })
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  let manifest: unknown
  try {
    manifest = JSON.parse(text)
  } catch {
    throw notReadable('it is not JSON')
  }
  if (!isRecord(manifest)) throw notReadable('it is not a JSON object')
  return manifest
}

function draftOf(id: unknown, text: unknown): DocumentDraft {
  if (typeof id !== 'string' || typeof text !== 'string')
    throw notReadable('each document needs its hash and its text')
  return { id, text }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notReadable(why: string): Refusal {
  return new Refusal(
    'BAD_USER_INPUT',
    `The manifest can not be read: ${why}. Give Apollo's persisted query manifest, or a JSON object from hash to text.`,
  )
}
