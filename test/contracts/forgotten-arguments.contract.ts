import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argumentHmac, argumentLookUp } from '../../src/domain/audit/arguments.ts'
import type { Instant } from '../../src/kernel/time.ts'
import { isoInstant } from '../../src/kernel/time.ts'
import { PostgresAuditArchive } from '../../src/outbound/postgres/audit-archive.ts'
import type { FreshDatabase } from './fresh-database.ts'
import { leaf } from './made-leaves.ts'
import { type Trail, trailOf } from './one-trail.ts'

const key = Buffer.alloc(32, 7)
const hash = (value: string) => argumentHmac(key, value)
const text = (value: string) => hash(value).toString('base64url')

export function forgottenArgumentsContract(
  adapter: string,
  fresh: () => Promise<FreshDatabase>,
): void {
  describe(`arguments whose keys are destroyed, on ${adapter}`, () => {
    let db: FreshDatabase
    let trail: Trail
    let keys: string
    const archive = () => new PostgresAuditArchive(db.database, null)
    const asked = async (time: Instant, count: number, name: string) =>
      await trail.log.append(
        Array.from({ length: count }, (_, n) => ({
          ...leaf({
            time: isoInstant(time),
            args: [
              {
                path: 'profileBy.identifier',
                hmacs: [text(`${name} ${n}`), text('EMAIL')],
                identifiers: [text(`${name}@example.com ${n}`)],
              },
            ],
          }),
        })),
      )
    const found = async (value: string, day: string | null) =>
      (
        await trail.log.find(
          { argumentHmacs: [argumentLookUp(hash(value), day)] },
          { limit: 10_000, before: null },
        )
      ).length

    beforeAll(async () => {
      db = await fresh()
      keys = mkdtempSync(join(tmpdir(), 'bauta-arguments-'))
      trail = await trailOf(db, keys)
      await asked(Date.UTC(2026, 0, 30, 23, 59, 59, 999), 3_000, 'old')
      await asked(Date.UTC(2026, 0, 31), 20, 'new')
    })
    afterAll(async () => {
      await trail.log.close()
      rmSync(keys, { recursive: true })
      await db.drop()
    })

    test('are found under the day of their entry, and identifiers under none', async () => {
      expect(await found('old 7', '2026-01-30')).toBe(1)
      expect(await found('EMAIL', '2026-01-31')).toBe(20)
      expect(await found('old 7', '2026-01-31')).toBe(0)
      expect(await found('old 7', null)).toBe(0)
      expect(await found('old@example.com 7', null)).toBe(1)
    })

    test('go day by day, without the identifiers', async () => {
      expect(await archive().forgetArguments('2026-01-30')).toBe(0)
      expect(await archive().forgetArguments('2026-01-31')).toBe(6_000)
      expect(await found('old 7', '2026-01-30')).toBe(0)
      expect(await found('old@example.com 7', null)).toBe(1)
      expect(await found('EMAIL', '2026-01-31')).toBe(20)
      expect(await archive().forgetArguments('2026-01-31')).toBe(0)
      expect(await archive().forgetArguments('9999-12-31')).toBe(40)
      const left = await db.database.query('SELECT count(*)::int AS n FROM audit_argument')
      expect(left).toEqual([{ n: 3_020 }])
    })
  })
}
