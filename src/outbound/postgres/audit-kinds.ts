import { digestOf, type EntryKind, textOf } from './audit-derived.ts'
import type { Queryable } from './database.ts'

/**
 * Numbers of kinds, in the order asked; new kinds get one. Whoever asks holds the lock of the index, so that nobody
 * gives out another number for the same kind meanwhile.
 */
export async function kindIdsOf(
  queryable: Queryable,
  kinds: readonly EntryKind[],
): Promise<readonly number[]> {
  const texts = kinds.map(textOf)
  const byText = new Map(texts.map((text, at) => [text, kinds[at] as EntryKind]))
  const digests = new Map([...byText].map(([text, kind]) => [text, digestOf(kind).toString('hex')]))
  const distinct = new Map([...byText].map(([text, kind]) => [digests.get(text) as string, kind]))
  const known = await queryable.query<{ id: number; digest: string }>(
    `SELECT id, encode(digest, 'hex') AS digest FROM audit_kind WHERE digest = ANY($1::bytea[])`,
    [[...distinct.keys()].map((digest) => Buffer.from(digest, 'hex'))],
  )
  const ids = new Map(known.map(({ id, digest }) => [digest, id]))
  for (const [digest, kind] of distinct)
    if (!ids.has(digest)) ids.set(digest, await register(queryable, digest, kind))
  return texts.map((text) => ids.get(digests.get(text) as string) as number)
}

async function register(queryable: Queryable, digest: string, kind: EntryKind): Promise<number> {
  const { clientId, audience, purpose, outcome, phase, action, fields } = kind
  const [row] = await queryable.query<{ id: number }>(
    `INSERT INTO audit_kind (digest, client_id, audience, purpose, outcome, phase, action, fields)
     VALUES (decode($1, 'hex'), $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
    [digest, clientId, audience, purpose, outcome, phase, action, fields],
  )
  return (row as { id: number }).id
}
