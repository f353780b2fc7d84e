import { PeopleSketch } from '../../domain/audit/people-sketch.ts'
import type { Derived } from './audit-derived.ts'
import type { Queryable } from './database.ts'

interface DayOfKind {
  readonly day: string
  readonly kind: number
  entries: number
  /** People named, once for each entry that names them. */
  disclosures: number
  /** People named by lists beside the log. */
  listed: number
  readonly people: PeopleSketch
}

/** Adds entries to what their days add up to. Whoever calls holds the lock of the index. */
export async function addToDays(
  queryable: Queryable,
  entries: readonly (Derived & { readonly kindId: number })[],
): Promise<void> {
  const days = summed(entries)
  if (days.length === 0) return
  const known = await queryable.query<{ day: string; kind: number; people: Buffer }>(
    `SELECT day::text, kind, people FROM audit_daily
     WHERE (day, kind) IN (SELECT * FROM unnest($1::date[], $2::int[]))`,
    [days.map(({ day }) => day), days.map(({ kind }) => kind)],
  )
  const before = new Map(known.map(({ day, kind, people }) => [`${day} ${kind}`, people]))
  for (const { day, kind, people } of days) {
    const stored = before.get(`${day} ${kind}`)
    if (stored) people.merge(PeopleSketch.from(stored))
  }
  await queryable.query(
    `INSERT INTO audit_daily (day, kind, entries, disclosures, listed, people)
     SELECT * FROM unnest($1::date[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[])
     ON CONFLICT (day, kind) DO UPDATE SET entries = audit_daily.entries + excluded.entries,
       disclosures = audit_daily.disclosures + excluded.disclosures, listed = audit_daily.listed + excluded.listed,
       people = excluded.people`,
    [
      days.map(({ day }) => day),
      days.map(({ kind }) => kind),
      days.map((one) => one.entries),
      days.map((one) => one.disclosures),
      days.map((one) => one.listed),
      days.map(({ people }) => people.toBytes()),
    ],
  )
}

function summed(entries: readonly (Derived & { readonly kindId: number })[]): DayOfKind[] {
  const days = new Map<string, DayOfKind>()
  for (const { day, kindId: kind, refs, listed } of entries) {
    const key = `${day} ${kind}`
    let sum = days.get(key)
    if (!sum) {
      sum = { day, kind, entries: 0, disclosures: 0, listed: 0, people: new PeopleSketch() }
      days.set(key, sum)
    }
    sum.entries += 1
    sum.disclosures += refs.length
    sum.listed += listed?.members ?? 0
    for (const ref of refs) sum.people.add(ref)
  }
  return [...days.values()]
}
