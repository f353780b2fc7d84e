import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config.ts'
import type { ForeignTokens } from '../../src/domain/access/identity-provider.ts'
import type { AuditEntry } from '../../src/domain/audit/entry.ts'
import { compilePolicy } from '../../src/domain/privacy/policy.ts'
import type { ClientDraft } from '../../src/gateway/govern/client-draft.ts'
import { Clients } from '../../src/gateway/govern/clients.ts'
import type { Tokens } from '../../src/gateway/govern/tokens.ts'
import { Visitors } from '../../src/gateway/govern/visitors.ts'
import { Audiences } from '../../src/gateway/scope/audiences.ts'
import { Authenticator } from '../../src/gateway/scope/authenticate.ts'
import { Budgets } from '../../src/gateway/scope/budgets.ts'
import { Denials } from '../../src/gateway/scope/denials.ts'
import { DpopProofs } from '../../src/gateway/scope/dpop-proofs.ts'
import { ForeignCallers } from '../../src/gateway/scope/foreign-caller.ts'
import { Recorder } from '../../src/gateway/scope/recorder.ts'
import { Reserve } from '../../src/gateway/scope/reserve.ts'
import { SecurityCounters } from '../../src/gateway/scope/security-counters.ts'
import { VisitorCookies } from '../../src/gateway/scope/visitor-cookie.ts'
import type { OAuthParts } from '../../src/inbound/http/oauth.ts'
import { type SubjectId, uuidV7 } from '../../src/kernel/ids.ts'
import { Refusal } from '../../src/kernel/refusal.ts'
import { Argon2SecretHasher } from '../../src/outbound/keys/argon2-secret-hasher.ts'
import { FileKeyStore } from '../../src/outbound/keys/file-key-store.ts'
import { JoseDpopReader } from '../../src/outbound/keys/jose-dpop-reader.ts'
import { JoseTokenSigner } from '../../src/outbound/keys/jose-token-signer.ts'
import { InProcessRateBudget } from '../../src/outbound/redis/in-process-rate-budget.ts'
import { InProcessUsedProofs } from '../../src/outbound/redis/in-process-used-proofs.ts'
import { readPolicyTables } from '../../src/policy-files.ts'
import { tokenDesk } from '../../src/token-desk.ts'
import { randomness, SetClock } from '../clock-and-randomness.ts'
import { MemoryClientStore } from './memory-client-store.ts'

export const ISSUER = 'https://bauta.example'

/** Everything around credentials, with real keys and real tokens; clients, the trail and people live in memory. */
export class AccessHouse {
  readonly clock = new SetClock()
  readonly policy = compilePolicy(readPolicyTables(readConfig({}).policyDir))
  readonly store = new MemoryClientStore()
  readonly entries: AuditEntry[] = []
  auditWorks = true
  denialsPerDay = 1_000
  /** What was counted instead of recorded. */
  readonly counters = new SecurityCounters(
    { add: async () => {}, find: async () => [], discardBefore: async () => 0 },
    this.clock,
  )
  /** Verified identifiers, as `kind value`. */
  readonly people = new Map<string, SubjectId>()
  /** Tokens of identity providers; null: nobody's are taken. */
  foreign: ForeignTokens | null = null
  readonly hasher = new Argon2SecretHasher()
  readonly keys: FileKeyStore
  readonly audiences: Audiences
  readonly cookies: VisitorCookies
  readonly signer: JoseTokenSigner
  readonly authenticator: Authenticator
  readonly clients: Clients
  /** Bytes of the disk that are free; null: nobody knows. */
  free: number | null = null
  readonly reserve = new Reserve({ free: async () => this.free }, 1)
  readonly tokens: Tokens
  readonly budgets: Budgets
  readonly oauth: OAuthParts
  readonly visitors: Visitors

  private constructor(keys: FileKeyStore) {
    const { clock, policy, store, hasher } = this
    this.keys = keys
    const audiences = new Audiences(keys)
    this.audiences = audiences
    this.cookies = new VisitorCookies(keys, audiences)
    this.signer = new JoseTokenSigner(keys.installationKey('token'), ISSUER)
    const { cookies, signer, counters } = this
    const proofs = new DpopProofs(new JoseDpopReader(), new InProcessUsedProofs(), ISSUER, clock)
    this.authenticator = new Authenticator({
      clients: store,
      signer,
      proofs,
      audiences,
      cookies,
      foreign: new ForeignCallers(
        { read: async (token, now) => (await this.foreign?.read(token, now)) ?? null },
        {
          byVerifiedIdentifier: async (kind, value) => this.people.get(`${kind} ${value}`) ?? null,
        },
        keys.installationKey('staff'),
      ),
      keys,
      policy,
      counters,
      clock,
    })
    const log = {
      append: async (leaves: readonly { bytes: Uint8Array }[]) => {
        if (!this.auditWorks) throw new Refusal('AUDIT_UNAVAILABLE', 'The trail is full.')
        for (const { bytes } of leaves)
          this.entries.push(JSON.parse(Buffer.from(bytes).toString()) as AuditEntry)
      },
      size: async () => this.entries.length,
      find: async () => [],
    }
    const recorder = new Recorder(log, clock, randomness, policy.version)
    const denials = new Denials({
      clients: store,
      recorder,
      counters,
      clock,
      perDay: this.denialsPerDay,
    })
    this.clients = new Clients({
      store,
      hasher,
      policy,
      mayBeAdhoc: true,
      recorder,
      clock,
      randomness,
    })
    const { authenticator } = this
    const { reserve } = this
    this.budgets = new Budgets({
      rates: new InProcessRateBudget(),
      counters,
      perMinute: { requests: 1_000_000, cost: 1_000_000 },
      audiences,
    })
    this.oauth = tokenDesk({
      policy,
      budgets: this.budgets,
      reserve,
      store,
      hasher,
      authenticator,
      counters,
      issuer: ISSUER,
      signer,
      proofs,
      audiences,
      keys,
      people: {
        byVerifiedIdentifier: async (kind, value) => this.people.get(`${kind} ${value}`) ?? null,
      },
      recorder,
      denials,
      clock,
      randomness,
    })
    this.tokens = this.oauth.tokens
    this.visitors = new Visitors({
      door: { admit: () => this.newPerson() },
      cookies,
      audiences,
      recorder,
      denials,
      reserve,
      clock,
      randomness,
    })
  }

  static async open(): Promise<AccessHouse> {
    const dir = mkdtempSync(join(tmpdir(), 'bauta-access-'))
    const master = randomness.bytes(32)
    const keys = await FileKeyStore.open({
      dir,
      master,
      randomness,
      clock: new SetClock(),
      mayCreate: true,
    })
    return new AccessHouse(keys)
  }

  async newPerson(identifier?: string): Promise<SubjectId> {
    const subject = uuidV7(this.clock.now(), randomness)
    await this.keys.create([subject])
    if (identifier) this.people.set(identifier, subject)
    return subject
  }

  /** A client with a key; `secret` is made too where asked for. */
  async client(id: string, role: string, more: Partial<ClientDraft> = {}, withSecret = false) {
    return await this.clients.create({ id, name: id, roles: [role], ...more }, { withSecret })
  }

  async authenticate(bearer: string | null, visitorCookie: string | null = null) {
    return await this.authenticator.authenticate({ bearer, visitorCookie })
  }
}
