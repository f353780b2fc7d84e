import type { CountLedger } from '../../src/domain/audit/count-ledger.ts'
import { AuditJournal } from '../../src/outbound/postgres/audit-journal.ts'
import { PostgresAuditLog } from '../../src/outbound/postgres/audit-log.ts'
import type { OpenDatabase } from '../../src/outbound/postgres/connect.ts'
import { PostgresCountLedger } from '../../src/outbound/postgres/count-ledger.ts'
import type { FreshDatabase } from './fresh-database.ts'
import { leaf } from './made-leaves.ts'

const account = {
  audience: 'acme',
  population: 'PARTNER_SHARING',
  mechanism: 'laplace',
  window: '2026-01',
} as const
const price = { account, cost: 250n, budget: 1_000n }
const ASKED_AT = Date.UTC(2026, 0, 31, 9, 30)
const question = (n: number, changes: { audience?: string; day?: string } = {}) => ({
  audience: 'acme',
  population: 'PARTNER_SHARING',
  digest: Buffer.from([n]),
  day: '2026-01-31',
  ...changes,
})
const lines = (left: bigint) => [
  leaf({
    dp: { epsilon: 0.25, budgetLeft: Number(left), population: 'P', window: '2026-01' },
    requestId: 'paid',
  }),
]

export function countLedgerContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`the ledger of counts on ${adapter}`, () => {
    let db: FreshDatabase
    let log: PostgresAuditLog
    let ledger: CountLedger
    let journals = 0
    const open = async (on: OpenDatabase) => {
      const journal = on.embedded ? new AuditJournal(`${db.dataDir}/counts-${journals}`) : null
      const opened = new PostgresAuditLog(on.database, journal)
      await opened.start()
      return opened
    }
    const answer = (n: number, value = 100n, on = ledger) =>
      on.answer(question(n), price, { value, asOf: ASKED_AT }, lines)
    const paidEntries = async () =>
      (await log.find({ requestId: 'paid' }, { limit: 100, before: null })).map(
        ({ entry }) => entry.dp?.budgetLeft,
      )

    beforeAll(async () => {
      db = await fresh()
    })
    beforeEach(async () => {
      journals++
      await db.database.query(
        `TRUNCATE audit_entry, audit_index, audit_span, audit_kind, audit_subject, audit_argument, audit_listed,
           audit_daily, privacy_budget, noised_count`,
      )
      await db.database.query('UPDATE audit_head SET size = 0')
      log = await open(db)
      ledger = new PostgresCountLedger(db.database, log)
    })
    afterEach(async () => {
      await log.close()
    })
    afterAll(async () => {
      await db.drop()
    })

    test('pays, keeps the answer and records it, and then gives the same without a debit', async () => {
      expect(await ledger.answered(question(1))).toBeNull()
      const first = await answer(1, 97n)
      expect(first).toEqual({ value: 97n, asOf: ASKED_AT, left: 750n })
      expect(await ledger.answered(question(1))).toEqual(first)
      expect(await answer(1, 105n)).toEqual(first)
      expect(await ledger.spent(account)).toBe(250n)
      expect(await paidEntries()).toEqual([750])
    })

    test('keeps audiences, populations, windows and days apart', async () => {
      await answer(1)
      expect(await ledger.spent({ ...account, audience: 'globex' })).toBe(0n)
      expect(await ledger.spent({ ...account, population: 'OTHER' })).toBe(0n)
      expect(await ledger.spent({ ...account, window: '2026-02' })).toBe(0n)
      expect(await ledger.answered(question(1, { audience: 'globex' }))).toBeNull()
      expect(await ledger.answered(question(1, { day: '2026-02-01' }))).toBeNull()
    })

    test('of answers at once no more are given than the budget pays for, and none is lost to another', async () => {
      const bystanders = Array.from({ length: 20 }, () => log.append([leaf()]))
      const asked = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => answer(n)))
      await Promise.all(bystanders)
      const refused = asked.filter(({ status }) => status === 'rejected')
      expect(refused).toHaveLength(6)
      for (const one of refused)
        expect(one).toMatchObject({ reason: { code: 'PRIVACY_BUDGET_EXHAUSTED' } })
      expect(await ledger.spent(account)).toBe(1_000n)
      expect(await paidEntries()).toEqual([0, 250, 500, 750])
      expect(await log.size()).toBe(24)
      expect(log.failures).toBe(0)
    })

    test('the same question at two gateways at once has one answer, paid for once', async () => {
      const gateway = await db.connect()
      const otherLog = await open(gateway)
      const other = new PostgresCountLedger(gateway.database, otherLog)
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => answer(1, BigInt(n), n % 2 ? ledger : other)),
      )
      for (const one of answers) expect(one).toEqual(answers[0])
      expect(await ledger.spent(account)).toBe(250n)
      expect(await paidEntries()).toEqual([750])
      await otherLog.close()
      await gateway.close()
    })

    test('without an entry nothing is paid, and without payment there is no entry', async () => {
      await db.database.query('ALTER TABLE audit_head RENAME TO audit_head_away')
      await expect(answer(1)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
      await db.database.query('ALTER TABLE audit_head_away RENAME TO audit_head')
      expect(await ledger.spent(account)).toBe(0n)
      expect(await ledger.answered(question(1))).toBeNull()
      const dear = { ...price, cost: 1_001n }
      await expect(
        ledger.answer(question(2), dear, { value: 1n, asOf: ASKED_AT }, lines),
      ).rejects.toMatchObject({ code: 'PRIVACY_BUDGET_EXHAUSTED' })
      expect(await log.size()).toBe(0)
    })

    test('gives nothing back when the gateway starts again', async () => {
      await answer(1)
      await answer(2)
      await log.close()
      log = await open(db)
      ledger = new PostgresCountLedger(db.database, log)
      expect(await ledger.spent(account)).toBe(500n)
      expect((await answer(1, 3n)).value).toBe(100n)
    })

    test('answers of earlier days are forgotten, what they have cost is not', async () => {
      await answer(1)
      await ledger.answer(
        question(1, { day: '2026-02-01' }),
        price,
        { value: 5n, asOf: ASKED_AT },
        lines,
      )
      expect(await ledger.answered(question(1))).toBeNull()
      expect(await ledger.spent(account)).toBe(500n)
    })
  })
}
