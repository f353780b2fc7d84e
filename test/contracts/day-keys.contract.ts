import type { DayKeys } from '../../src/domain/audit/day-keys.ts'

/** @param open the keys of one installation, as one gateway more sees them. */
export function dayKeysContract(adapter: string, fresh: () => () => DayKeys): void {
  describe(`keys of days in ${adapter}`, () => {
    let open: () => DayKeys
    beforeEach(() => {
      open = fresh()
    })

    test('are one for each day, the same for all gateways and after a restart', async () => {
      const [one, other] = [open(), open()]
      const made = await Promise.all(
        [one, other, one].map(async (keys) => await keys.make('2026-01-31')),
      )
      expect(new Set(made.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1)
      expect(made[0]).toHaveLength(32)
      expect(await open().find('2026-01-31')).toEqual(made[0])
      expect(await one.make('2026-02-01')).not.toEqual(made[0])
      expect(await open().days()).toEqual(['2026-01-31', '2026-02-01'])
    })

    test('are not made by asking for them', async () => {
      expect(await open().find('2026-01-31')).toBeNull()
      expect(await open().days()).toEqual([])
    })

    test('are gone for every gateway once they are destroyed, and only the old ones', async () => {
      const [one, other] = [open(), open()]
      for (const day of ['2025-12-31', '2026-01-01', '2026-01-02']) await one.make(day)
      await other.make('2026-01-01')
      expect(await other.destroyBefore('2026-01-02')).toEqual(['2025-12-31', '2026-01-01'])
      for (const keys of [one, other, open()]) {
        expect(await keys.find('2025-12-31')).toBeNull()
        expect(await keys.find('2026-01-01')).toBeNull()
        expect(await keys.find('2026-01-02')).toHaveLength(32)
      }
      expect(await one.destroyBefore('2026-01-02')).toEqual([])
    })
  })
}
