import { InProcessRateBudget } from '../../src/outbound/redis/in-process-rate-budget.ts'
import { rateBudgetContract } from './rate-budget.contract.ts'

rateBudgetContract('in one process', async (minuteSeconds) => {
  const one = new InProcessRateBudget(minuteSeconds)
  return { one, other: one, close: async () => {} }
})
