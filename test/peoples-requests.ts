import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { open } from '../src/domain/privacy/seal.ts'
import type { SubjectId } from '../src/kernel/ids.ts'
import { given, type RunningGateway } from './running-gateway.ts'

export const CERTIFICATE = readFileSync('test/certificates/opendsr.pem', 'utf8')

/** As an operator puts a certificate into the key folder. */
export function withCertificate(dataDir: string): void {
  const keys = join(dataDir, 'keys')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  writeFileSync(join(keys, 'opendsr.pem'), CERTIFICATE)
  writeFileSync(join(keys, 'opendsr.key'), readFileSync('test/certificates/opendsr.key'))
}

/** Asks the OpenDSR addresses as whoever holds the token. */
export async function openDsrAt(
  { origin }: RunningGateway,
  token: string,
  path: string,
  method = 'GET',
  body?: unknown,
): Promise<{ status: number; headers: Headers; text: string }> {
  const answer = await fetch(`${origin}/opendsr${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

/** Links are made for the address that is configured; tests listen on any free port. */
export async function follow(
  running: RunningGateway,
  link: string,
  method = 'GET',
): Promise<{ status: number; type: string; bytes: Buffer; text: string }> {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await fetch(running.origin + new URL(link).pathname, {
    method,
    ...(method === 'POST' ? { headers: form, body: '' } : {}),
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const type = answer.headers.get('content-type') ?? ''
  return { status: answer.status, type, bytes, text: bytes.toString('utf8') }
}

/** What waits to be mailed to a person, newest last. */
export async function invitationsTo(
  { gateway }: RunningGateway,
  subject: SubjectId,
): Promise<{ link: string; email: string; type: string }[]> {
  const { database } = gateway.stores.opened
  const rows = await database.query<{ id: string; sealed: Buffer }>(
    `SELECT id, sealed FROM delivery WHERE kind = 'request.verify' AND subject_id = $1 ORDER BY created_at, id`,
    [subject],
  )
  const key = gateway.stores.keys.dataKeyOf(subject)
  if (!key) return []
  return rows.map(({ id, sealed }) => {
    const { body } = JSON.parse(open(key, ['delivery', id], sealed).toString('utf8'))
    return JSON.parse(body).data
  })
}

/** Somebody with a record and an event of their own, and a token that speaks for them. */
export async function somebodyOf(
  running: RunningGateway,
  name: string,
  traits: Readonly<Record<string, unknown>> = {},
) {
  const identifiers = given({ userId: `u-${name}`, email: `${name}@example.com` })
  const [subject = ''] = await running.take('crm', [
    { type: 'profile', recordKey: `k-${name}`, identifiers, traits: { country: 'DE', ...traits } },
    {
      type: 'event',
      messageId: `m-${name}`,
      identifiers: given({ userId: `u-${name}` }),
      name: 'Product Viewed',
      properties: { itemId: 'tea', colour: `${name}-colour` },
    },
  ])
  const token = await running.tokenFor('shop', subject)
  return { subject, as: { token, purpose: 'PERSONALIZATION' } }
}
