import type { FastifyReply } from 'fastify'
import type { Allowance, BudgetState } from '../../gateway/scope/budgets.ts'

const WINDOW_SECONDS = 60
/** Costs are no unit that is registered; without a name they would be taken for requests. */
const UNITS: Readonly<Record<BudgetState['name'], string>> = { requests: '', cost: ';qu="cost"' }

/** The budgets that a request was taken from, as structured fields (draft-ietf-httpapi-ratelimit-headers-10 §3, §4). */
export function addRateLimitFields(reply: FastifyReply, allowance: Allowance): void {
  const { states, retryAfter } = allowance
  if (states.length === 0) return
  const policy = states.map(
    ({ name, quota }) => `"${name}";q=${quota};w=${WINDOW_SECONDS}${UNITS[name]}`,
  )
  const now = states.map(
    ({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`,
  )
  void reply.header('ratelimit-policy', policy.join(', ')).header('ratelimit', now.join(', '))
  if (retryAfter !== null) void reply.header('retry-after', retryAfter)
}
