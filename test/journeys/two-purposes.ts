import { appendFile, cp, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningGateway } from '../running-gateway.ts'

export const SHARING = 'PARTNER_SHARING'
/** A second purpose that partners may declare. */
export const ADVICE = 'ADVICE'
const ROW = `${ADVICE},advise.people,dpv:ServicePersonalisation,consent,no,opt_in,opt_in,,partner,user.unique_id.pseudonym user.account.plan user.derived.segment`

/** A copy of the policy in which partners have two purposes; whoever asks for it removes it. */
export async function policyOfTwoPurposes(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'bauta-policy-'))
  await cp('policy', dir, { recursive: true })
  await appendFile(join(dir, 'purposes.csv'), `\n${ROW}\n`)
  return dir
}

/** The segment of all with the plan "pro". */
export async function definePros({ gateway }: RunningGateway): Promise<void> {
  const rule = { field: 'plan', is: '=', value: 'pro' }
  await gateway.segments.defineAsOperator({ key: 'pros', name: 'Pros', description: '', rule })
}
