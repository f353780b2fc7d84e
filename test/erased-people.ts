import type { SubjectId } from '../src/kernel/ids.ts'
import type { Queryable } from '../src/outbound/postgres/database.ts'
import { given } from './running-gateway.ts'

/** In every field that a source can fill. */
export const CANARY = 'quetzalcanary'

/** One person as a CRM, a tracker and an identity provider tell of them; identifiers are theirs alone. */
export function rowsOf(name: string, items = [`${name}-x`, `${name}-y`]) {
  const identifiers = given({ userId: `${CANARY}-${name}`, email: `${CANARY}.${name}@example.com` })
  return [
    {
      type: 'profile' as const,
      recordKey: `${CANARY}-${name}`,
      identifiers,
      traits: { name: `${CANARY} ${name}`, city: CANARY, country: 'DE', plan: 'pro' },
    },
    ...items.map((item) => ({
      type: 'event' as const,
      messageId: `${CANARY}-${name}-${item}`,
      identifiers: given({ userId: `${CANARY}-${name}` }),
      name: 'Product Viewed',
      properties: { product_id: `${CANARY}-${name}-${item}`, itemId: item },
    })),
    ...['PROFILING', 'PERSONALIZATION', 'MARKETING'].map((purpose) => ({
      type: 'consent' as const,
      identifiers: given({ userId: `${CANARY}-${name}` }),
      purpose,
      state: 'ConsentGiven' as const,
      collectionPoint: CANARY,
    })),
    {
      type: 'consent' as const,
      identifiers: given({ userId: `${CANARY}-${name}` }),
      purpose: 'PARTNER_SHARING',
      state: 'ConsentGiven' as const,
      recipient: 'partner',
    },
  ]
}

/** Tables in which a text stands in clear. */
export async function tablesHolding(database: Queryable, text: string): Promise<string[]> {
  const tables = await database.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name`,
  )
  const holding: string[] = []
  for (const { name } of tables) {
    const rows = await database.query(
      `SELECT FROM ${name} t WHERE strpos(t::text, $1) > 0 LIMIT 1`,
      [text],
    )
    if (rows.length > 0) holding.push(name)
  }
  return holding
}

/** Tables and columns in which a subject still stands. */
export async function placesOf(database: Queryable, subject: SubjectId): Promise<string[]> {
  const columns = await database.query<{ place: string; t: string; c: string; a: boolean }>(
    `SELECT table_name || '.' || column_name AS place, table_name AS t, column_name AS c, data_type = 'ARRAY' AS a
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND udt_name IN ('uuid', '_uuid')`,
  )
  const places: string[] = []
  for (const { place, t, c, a } of columns) {
    const where = a ? `$1::uuid = ANY (${c})` : `${c} = $1::uuid`
    const rows = await database.query(`SELECT FROM ${t} WHERE ${where}`, [subject])
    if (rows.length > 0) places.push(place)
  }
  return places
}

export async function die(): Promise<never> {
  throw new Error('killed')
}

/** The same, but for one method, at which the process dies. */
export function dyingAt<T extends object>(of: T, method: keyof T): T {
  return new Proxy(of, {
    get(real, name) {
      if (name === method) return die
      const value = Reflect.get(real, name, real)
      return typeof value === 'function' ? value.bind(real) : value
    },
  })
}
