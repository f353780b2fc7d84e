import { isIP } from 'node:net'
import { Refusal } from '../../../kernel/refusal.ts'
import { asked, type Check, type Target } from './check.ts'
import { queryChecks } from './query-checks.ts'
import { send } from './send.ts'
import { tokenChecks } from './token-checks.ts'
import { transportChecks } from './transport-checks.ts'

/** In the order in which they are made: about a hundred requests together. */
export const checks: readonly Check[] = [...tokenChecks, ...queryChecks, ...transportChecks]

/** What became of one check. */
export interface Outcome {
  readonly name: string
  readonly claim: string
  readonly requests: number
  /** What would have to be given for it to apply; null: it does. */
  readonly needs: string | null
  /** What is wrong, each thing once; empty: nothing. */
  readonly findings: readonly string[]
}

/**
 * Makes all checks, one request after the other.
 * @throws Refusal where the token is not believed, as every check would then pass for nothing, or nobody answers.
 */
export async function attack(target: Target): Promise<readonly Outcome[]> {
  await assertBelieved(target)
  const outcomes: Outcome[] = []
  for (const { name, claim, needs, sent, wrong } of checks) {
    const requests = sent(target)
    const findings = new Set<string>()
    for (const request of requests) {
      const found = wrong(await answered(target, request))
      if (found !== null) findings.add(found)
    }
    outcomes.push({
      name,
      claim,
      requests: requests.length,
      needs: requests.length === 0 ? (needs ?? null) : null,
      findings: [...findings],
    })
  }
  return outcomes
}

async function assertBelieved(target: Target): Promise<void> {
  const { status } = await answered(target, asked(target, { query: '{ viewer { client } }' }))
  if (status === 401)
    throw new Refusal('UNAUTHENTICATED', 'The token is not valid there; nothing was tried.')
  if (status === 0 || status === 404 || status === 421 || status >= 500)
    throw new Refusal('BAD_USER_INPUT', `There is no gateway that answers: ${status}.`)
}

async function answered(target: Target, request: ReturnType<typeof asked>) {
  try {
    return await send(target.url, request)
  } catch (cause) {
    throw new Refusal('BAD_USER_INPUT', 'Nobody answers at this address.', { cause })
  }
}

/**
 * The address to attack: of this machine, or of a host whose name is given twice, so that nobody attacks others by a slip.
 * @throws Refusal
 */
export function addressOf(text: string, named: string | undefined): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search || url.username)
    throw new Refusal(
      'BAD_USER_INPUT',
      'The address must be an origin: https://gateway.example.com',
    )
  if (!isLoopback(url.hostname) && named !== url.hostname)
    throw new Refusal(
      'FORBIDDEN',
      `Attack only what is yours: repeat the host name with --host ${url.hostname}.`,
    )
  return url
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true
  return isIP(hostname) === 4 && hostname.startsWith('127.')
}
