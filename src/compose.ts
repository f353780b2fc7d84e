import { attestOf, exportOf, forwarderOf } from './attest.ts'
import { callersOf } from './callers.ts'
import type { Config } from './config.ts'
import { openCounting } from './counting.ts'
import { type DeliveryDesk, deliveryDesk } from './delivery-desk.ts'
import { type Documents, documentsOf } from './documents.ts'
import type { PeopleByIdentifier } from './domain/profiles/people-by-identifier.ts'
import { ExportDoor } from './gateway/attest/export-door.ts'
import type { Forwarder } from './gateway/attest/forwarder.ts'
import { SecurityReport } from './gateway/attest/security-report.ts'
import type { TrailExport } from './gateway/attest/trail-export.ts'
import { DiscloseDesk } from './gateway/disclose/disclose.ts'
import { Fit } from './gateway/disclose/fit.ts'
import { KnownValues } from './gateway/disclose/known-values.ts'
import { Reception } from './gateway/disclose/reception.ts'
import { Watch } from './gateway/disclose/watch.ts'
import { recordBeginning } from './gateway/govern/beginnings.ts'
import { Clients } from './gateway/govern/clients.ts'
import type { Erasure } from './gateway/govern/erasure.ts'
import type { ErasureCertificates } from './gateway/govern/erasure-certificates.ts'
import { Items } from './gateway/govern/items.ts'
import { Segments } from './gateway/govern/segments.ts'
import type { Tokens } from './gateway/govern/tokens.ts'
import { Visitors } from './gateway/govern/visitors.ts'
import { GlobalPrivacyControl } from './gateway/ingest/global-privacy-control.ts'
import { Ingest } from './gateway/ingest/ingest.ts'
import { Tell } from './gateway/ingest/tell.ts'
import { Audiences } from './gateway/scope/audiences.ts'
import type { Authenticator } from './gateway/scope/authenticate.ts'
import type { Budgets } from './gateway/scope/budgets.ts'
import { Denials } from './gateway/scope/denials.ts'
import { Recorder } from './gateway/scope/recorder.ts'
import { Reserve, roomLine } from './gateway/scope/reserve.ts'
import { SecurityCounters } from './gateway/scope/security-counters.ts'
import { Responder } from './inbound/graphql/responder.ts'
import { buildGraphqlSchema } from './inbound/graphql/schema.ts'
import type { OAuthParts } from './inbound/http/oauth.ts'
import type { Randomness } from './kernel/ids.ts'
import type { Clock } from './kernel/time.ts'
import { monotonic } from './monotonic.ts'
import { Argon2SecretHasher } from './outbound/keys/argon2-secret-hasher.ts'
import { rightsOf } from './rights.ts'
import { clock, openStores, randomness, type Say, type Stores } from './stores.ts'
import { type PeoplesRequests, requestsOf } from './subject-requests.ts'
import { SweepTotals } from './sweep-totals.ts'
import { tokenDesk } from './token-desk.ts'
import { openTrail, type Trail } from './trail.ts'
import { visitorDoor } from './visitor-door.ts'

const MEGABYTE = 1024 * 1024

/** Lets the event loop take what has arrived meanwhile. */
const pause = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve))

/** The gateway, ready to be called: by the HTTP server, the command line or a test. */
export interface Gateway extends Documents {
  readonly config: Config
  readonly stores: Stores
  readonly trail: Trail
  readonly trailExport: TrailExport
  readonly exportDoor: ExportDoor
  /** Null: the trail is not sent on. */
  readonly forwarder: Forwarder | null
  readonly delivery: DeliveryDesk
  readonly sweeps: SweepTotals
  readonly recorder: Recorder
  readonly counters: SecurityCounters
  readonly budgets: Budgets
  readonly reserve: Reserve
  readonly authenticator: Authenticator
  readonly audiences: Audiences
  readonly reception: Reception
  readonly responder: Responder
  readonly ingest: Ingest
  readonly clients: Clients
  readonly tokens: Tokens
  readonly oauth: OAuthParts
  readonly people: PeopleByIdentifier
  readonly visitors: Visitors
  readonly segments: Segments
  readonly erasure: Erasure
  readonly certificates: ErasureCertificates
  readonly requests: PeoplesRequests
  readonly fit: Fit
  readonly clock: Clock
  readonly randomness: Randomness
  close(): Promise<void>
}

export interface ComposeOptions {
  readonly say?: Say
  /** Told every statement, for the test that counts them. */
  readonly onStatement?: (text: string) => void
}

/** Constructs every adapter, and nothing else does. @throws Refusal, ConfigError, PolicyError: it never starts half-configured. */
export async function composeGateway(
  config: Config,
  options: ComposeOptions = {},
): Promise<Gateway> {
  const stores = await openStores(config, options.say ?? (() => {}), options.onStatement)
  const {
    policy,
    keys,
    auditLog,
    profiles,
    segments,
    recommendations,
    clients: clientStore,
  } = stores
  const trail = await openTrail(stores, config, options.say ?? (() => {}))
  const recorder = new Recorder(trail.trusted, clock, randomness, policy.version)
  await recordBeginning(trail.unguarded, auditLog, {
    keysMade: keys.madeNew,
    migrations: stores.migrations,
    policyVersion: policy.version,
  })
  const counters = new SecurityCounters(stores.securityCounts, clock)
  const reserve = new Reserve(stores.space, config.diskReserveMb * MEGABYTE, (room) =>
    (options.say ?? (() => {}))(roomLine(room)),
  )
  await reserve.look()
  const denials = new Denials({
    clients: clientStore,
    recorder,
    counters,
    clock,
    perDay: config.denialsPerDay,
  })
  const audiences = new Audiences(keys)
  const who = callersOf(config, stores, { audiences, counters })
  const { issuer, signer, proofs, cookies, authenticator, budgets } = who
  const hasher = new Argon2SecretHasher()
  const clients = new Clients({
    store: clientStore,
    hasher,
    policy,
    mayBeAdhoc: config.mode === 'development',
    recorder,
    clock,
    randomness,
  })
  const ingest = new Ingest({
    store: stores.ingestStore,
    policy,
    keys,
    recorder,
    reserve,
    clock,
    randomness,
    pause,
  })
  const desk = new DiscloseDesk(
    {
      profiles,
      segments,
      recommendations,
      clients: clientStore,
      keys,
      dayKeys: stores.dayKeys,
      trail: {
        log: auditLog,
        leaves: stores.leaves,
        memberLists: stores.memberLists,
        subjects: stores.trailSubjects,
      },
      past: { versions: stores.policyVersions, people: stores.pastPeople },
      records: stores.personRecords,
    },
    audiences,
    openCounting(stores, trail, recorder),
  )
  const reception = new Reception({
    policy,
    desk,
    recorder,
    clock,
    randomness,
    denials,
    reserve,
    gpc: new GlobalPrivacyControl(ingest, profiles),
    monotonic,
  })
  const delivery = deliveryDesk(config, stores, recorder)
  const rights = rightsOf(stores, {
    ingest,
    audiences,
    recorder,
    tree: trail.published,
    config,
    clock,
    randomness,
  })
  const { people } = desk
  const { erasure } = rights
  const requests = requestsOf(config, stores, {
    erasure,
    audiences,
    recorder,
    denials,
    reception,
    people,
  })
  const governSegments = new Segments(segments, policy, recorder, clock)
  const responder = new Responder({
    schema: buildGraphqlSchema(),
    reception,
    doors: {
      desk,
      tell: new Tell(ingest, audiences, desk.people),
      govern: {
        segments: governSegments,
        items: new Items(recommendations, recorder),
        clients,
        delivery,
      },
      rights: { ...rights, requests: requests.desk },
      security: new SecurityReport(counters, stores.securityCounts),
      attest: attestOf(stores, new KnownValues(desk.people, clientStore, audiences)),
      watch: new Watch(stores.feed, desk),
    },
  })
  const oauth = tokenDesk({
    budgets,
    reserve,
    store: clientStore,
    hasher,
    authenticator,
    counters,
    issuer,
    signer,
    proofs,
    audiences,
    keys,
    people: desk.people,
    policy,
    recorder,
    denials,
    clock,
    randomness,
  })
  const visitors = new Visitors({
    door: visitorDoor(ingest),
    cookies,
    audiences,
    recorder,
    denials,
    reserve,
    clock,
    randomness,
  })
  return {
    config,
    stores,
    trail,
    trailExport: exportOf(stores, config, recorder),
    exportDoor: new ExportDoor({ policy, audiences, denials, recorder }),
    forwarder: forwarderOf(stores, config),
    delivery,
    sweeps: new SweepTotals(),
    recorder,
    counters,
    budgets,
    reserve,
    authenticator,
    audiences,
    reception,
    responder,
    ingest,
    clients,
    ...documentsOf(stores, { config, responder, audiences, denials, recorder, pause }),
    tokens: oauth.tokens,
    oauth,
    people,
    visitors,
    segments: governSegments,
    erasure: rights.erasure,
    certificates: rights.certificates,
    requests,
    fit: new Fit({
      recommendations,
      profiles,
      memberLists: stores.memberLists,
      keys,
      policy,
      recorder,
      clock,
      pause,
    }),
    clock,
    randomness,
    async close() {
      await counters.flush().catch(() => {})
      await auditLog.close()
      stores.redis?.close()
      await stores.opened.close()
    },
  }
}
