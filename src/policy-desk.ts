import { basename, dirname } from 'node:path'
import type { Gateway } from './compose.ts'
import type { Config } from './config.ts'
import { clientAsCaller, type KnownCaller, roleAsCaller } from './domain/access/known-caller.ts'
import { defaultScopes, type Scope, scopes } from './domain/access/principal.ts'
import { compileRetention, type RetentionRule } from './domain/audit/retention-rules.ts'
import { compileDataRetention, type DataRetention } from './domain/privacy/data-retention.ts'
import { compilePolicy, type Policy } from './domain/privacy/policy.ts'
import { type Explanation, explain } from './gateway/disclose/explain.ts'
import { readCases, tryCase } from './gateway/disclose/policy-cases.ts'
import { coverageOf, type PolicyTest } from './gateway/disclose/policy-coverage.ts'
import { type PrivacyLabel, privacyLabel } from './gateway/disclose/privacy-label.ts'
import { type ProcessingRecord, processingRecord } from './gateway/govern/processing-record.ts'
import { demoPrincipals } from './inbound/demo/clients.ts'
import { Refusal } from './kernel/refusal.ts'
import { readPolicyTables, readTable } from './policy-files.ts'

type Open = () => Promise<Gateway>

/** Answers about the rules, for the command line. Nothing is opened unless a registered client is named. */
export class PolicyDesk {
  readonly #config: Config
  readonly #open: Open
  readonly policy: Policy
  readonly #trailRetention: readonly RetentionRule[]
  readonly #dataRetention: DataRetention

  /** @throws PolicyError */
  constructor(config: Config, open: Open) {
    this.#config = config
    this.#open = open
    const tables = readPolicyTables(config.policyDir)
    this.policy = compilePolicy(tables)
    this.#trailRetention = compileRetention(tables.retention ?? [])
    this.#dataRetention = compileDataRetention(tables.dataRetention ?? [], this.policy.categories)
  }

  async explain(as: string, purpose: string): Promise<Explanation> {
    return explain(this.policy, await this.caller(as), purpose)
  }

  /**
   * Tries the cases of these files on the policy.
   * @throws PolicyError where a case can't be read, Refusal where there is no such caller.
   */
  async test(files: readonly string[]): Promise<PolicyTest> {
    const cases = files.flatMap((file) => readCases(file, readTable(dirname(file), basename(file))))
    const callers = new Map<string, KnownCaller>()
    for (const { as } of cases) if (!callers.has(as)) callers.set(as, await this.caller(as))
    const outcomes = cases.flatMap((one) => {
      const caller = callers.get(one.as)
      return caller ? [tryCase(this.policy, caller, one)] : []
    })
    return {
      policyVersion: this.policy.version,
      outcomes,
      coverage: coverageOf(this.policy, outcomes),
    }
  }

  async label(as: string): Promise<PrivacyLabel> {
    return privacyLabel(this.policy, await this.caller(as), this.#trailRetention)
  }

  async processing(): Promise<ProcessingRecord> {
    const gateway = await this.#open()
    try {
      return processingRecord({
        policy: this.policy,
        clients: await gateway.stores.clients.list(),
        dataRetention: this.#dataRetention,
        trailRetention: this.#trailRetention,
        controller: (readPolicyTables(this.#config.policyDir).controller ?? []).map(
          ({ fact = '', value = '' }) => ({ fact, value }),
        ),
      })
    } finally {
      await gateway.close()
    }
  }

  /** @param as `role:partner`, a principal of the demo where it is on, or the id of a client. */
  async caller(as: string): Promise<KnownCaller> {
    const anybody = roleAsCaller(this.policy, as)
    if (anybody) return anybody
    const principal = Object.entries(demoPrincipals).find(([name]) => name === as)?.[1]
    return this.#config.demo && principal ? demoCaller(as, principal) : await this.#registered(as)
  }

  async #registered(id: string): Promise<KnownCaller> {
    const gateway = await this.#open()
    try {
      const client = await gateway.stores.clients.find(id)
      if (client) return clientAsCaller(id, client)
    } finally {
      await gateway.close()
    }
    const names = this.#config.demo ? `${Object.keys(demoPrincipals).join(', ')}, ` : ''
    throw new Refusal(
      'NOT_FOUND',
      `There is no client "${id}" (\`bauta clients list\`); --as takes ${names}the id of a client, or role:${[...this.policy.roles.keys()].join(', role:')}.`,
    )
  }
}

/** As the demo registers it: that needs no data. */
function demoCaller(
  name: string,
  { client, as }: (typeof demoPrincipals)[keyof typeof demoPrincipals],
): KnownCaller {
  const { id, audience = id, categories = null, segments = null, purposes, roles } = client
  const granted = known(client.scopes ?? roles.flatMap((role) => defaultScopes[role] ?? []))
  const registered = { ...client, audience, categories, segments, purposes, scopes: granted }
  return clientAsCaller(name, registered, as === 'visitor' ? ['visitor'] : roles)
}

function known(names: readonly string[]): readonly Scope[] {
  return scopes.filter((scope) => names.includes(scope))
}
