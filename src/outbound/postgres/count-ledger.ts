import type { AuditLeaf } from '../../domain/audit/audit-log.ts'
import type {
  BudgetAccount,
  CountLedger,
  NoisedAnswer,
  NoisedQuestion,
} from '../../domain/audit/count-ledger.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { PostgresAuditLog } from './audit-log.ts'
import type { Database, Queryable } from './database.ts'

/** Somebody else was answered the same, in the moment in which this answer was made. */
class AnsweredMeanwhile extends Error {}

export class PostgresCountLedger implements CountLedger {
  readonly #database: Database
  readonly #log: Pick<PostgresAuditLog, 'appendWithin'>

  constructor(database: Database, log: Pick<PostgresAuditLog, 'appendWithin'>) {
    this.#database = database
    this.#log = log
  }

  async answered({
    audience,
    population,
    digest,
    day,
  }: NoisedQuestion): Promise<NoisedAnswer | null> {
    const [row] = await this.#database.query<{ value: string; budget_left: string; as_of: Date }>(
      `SELECT value, budget_left, as_of FROM noised_count
       WHERE audience = $1 AND population = $2 AND digest = $3 AND day = $4`,
      [audience, population, digest, day],
      'count-answered',
    )
    return row
      ? { value: BigInt(row.value), left: BigInt(row.budget_left), asOf: row.as_of.getTime() }
      : null
  }

  async spent({ audience, population, mechanism, window }: BudgetAccount): Promise<bigint> {
    const [row] = await this.#database.query<{ spent: string }>(
      `SELECT spent FROM privacy_budget
       WHERE audience = $1 AND population = $2 AND mechanism = $3 AND window_key = $4`,
      [audience, population, mechanism, window],
      'count-spent',
    )
    return BigInt(row?.spent ?? 0)
  }

  async answer(
    question: NoisedQuestion,
    price: { readonly account: BudgetAccount; readonly cost: bigint; readonly budget: bigint },
    counted: Pick<NoisedAnswer, 'value' | 'asOf'>,
    linesOf: (left: bigint) => readonly AuditLeaf[],
  ): Promise<NoisedAnswer> {
    let left = 0n
    try {
      await this.#log.appendWithin(async (tx) => {
        left = price.budget - (await debit(tx, price))
        await keep(tx, question, { ...counted, left })
        return linesOf(left)
      })
      return { ...counted, left }
    } catch (error) {
      if (!(error instanceof AnsweredMeanwhile)) throw error
      const answer = await this.answered(question)
      if (answer === null) throw new Error('an answer of today is gone', { cause: error })
      return answer
    }
  }
}

/** What has been spent with this; the row stays locked until the transaction ends. */
async function debit(
  tx: Queryable,
  { account, cost, budget }: Parameters<CountLedger['answer']>[1],
): Promise<bigint> {
  const [row] = await tx.query<{ spent: string }>(
    `INSERT INTO privacy_budget AS b (audience, population, mechanism, window_key, spent)
     SELECT $1, $2, $3, $4, $5::bigint WHERE $5::bigint <= $6::bigint
     ON CONFLICT (audience, population, mechanism, window_key) DO UPDATE SET spent = b.spent + excluded.spent
       WHERE b.spent + excluded.spent <= $6::bigint
     RETURNING spent`,
    [
      account.audience,
      account.population,
      account.mechanism,
      account.window,
      String(cost),
      String(budget),
    ],
    'count-debit',
  )
  if (!row) throw budgetExhausted()
  return BigInt(row.spent)
}

async function keep(
  tx: Queryable,
  { audience, population, digest, day }: NoisedQuestion,
  { value, left, asOf }: NoisedAnswer,
): Promise<void> {
  const kept = await tx.query(
    `INSERT INTO noised_count (audience, population, digest, day, value, budget_left, as_of)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING day`,
    [audience, population, digest, day, String(value), String(left), isoInstant(asOf)],
    'count-keep',
  )
  if (kept.length === 0) throw new AnsweredMeanwhile()
  await tx.query(
    'DELETE FROM noised_count WHERE audience = $1 AND population = $2 AND day < $3',
    [audience, population, day],
    'count-forget',
  )
}

function budgetExhausted(): Refusal {
  return new Refusal(
    'PRIVACY_BUDGET_EXHAUSTED',
    'The privacy budget for counts of these people is used up; viewer.budgets says until when.',
  )
}
