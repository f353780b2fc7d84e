import type { Config } from './config.ts'
import type { PeopleByIdentifier } from './domain/profiles/people-by-identifier.ts'
import { ownAddress } from './gateway/disclose/own-address.ts'
import { PackageVault } from './gateway/disclose/package-vault.ts'
import { asPerson, PACKAGER, Packaging } from './gateway/disclose/person-package.ts'
import type { Selection } from './gateway/disclose/plan-rules.ts'
import type { Reception } from './gateway/disclose/reception.ts'
import type { Erasure } from './gateway/govern/erasure.ts'
import type { Fulfilment } from './gateway/govern/fulfilment.ts'
import { OpenDsr } from './gateway/govern/open-dsr.ts'
import { RequestDesk } from './gateway/govern/request-desk.ts'
import { RequestLetters, type WhoAsks } from './gateway/govern/request-letters.ts'
import { RequestRegister } from './gateway/govern/request-register.ts'
import { SubjectRequests } from './gateway/govern/subject-requests.ts'
import type { Audiences } from './gateway/scope/audiences.ts'
import type { Denials } from './gateway/scope/denials.ts'
import type { Recorder } from './gateway/scope/recorder.ts'
import type { SubjectId } from './kernel/ids.ts'
import { Refusal } from './kernel/refusal.ts'
import { PinnedPoster } from './outbound/delivery/pinned-poster.ts'
import { clock, randomness, type Stores } from './stores.ts'

interface Parts {
  readonly erasure: Erasure
  readonly audiences: Audiences
  readonly recorder: Recorder
  readonly denials: Denials
  readonly reception: Reception
  readonly people: PeopleByIdentifier
}

export type PeoplesRequests = ReturnType<typeof requestsOf>

/** How requests of people about their own data come in, and are met. */
export function requestsOf(config: Config, stores: Stores, parts: Parts) {
  const { keys, policy, subjectRequests: store } = stores
  const { erasure, audiences, recorder, denials } = parts
  const times = { clock, randomness }
  const packaging = new Packaging({
    reception: parts.reception,
    policy,
    dataRetention: stores.dataRetention,
    trailRetention: stores.retention,
  })
  const vault = new PackageVault({
    packaging,
    store,
    keys,
    policy,
    recorder,
    audiences,
    ...times,
  })
  const origin = config.publicUrl ?? `http://${config.host}:${config.port}`
  const register = new SubjectRequests({
    store,
    fulfilment: fulfilmentOf(erasure, vault, parts),
    letters: new RequestLetters(keys, randomness),
    recorder,
    origin,
    ...times,
  })
  return {
    register,
    desk: new RequestDesk(register, store, audiences),
    lines: new RequestRegister(store, recorder, clock),
    vault,
    openDsr: new OpenDsr({
      signer: stores.callbackSigner,
      requests: register,
      store,
      poster: new PinnedPoster({ loopback: config.mode === 'development' }),
      audiences,
      denials,
      recorder,
      clock,
      origin,
    }),
  }
}

function fulfilmentOf(
  erasure: Erasure,
  vault: PackageVault,
  { reception, people, audiences }: Parts,
): Fulfilment {
  return {
    personOf: async (who) => await personOf(who, people),
    emailOf: async (subject) =>
      await ownAddress(reception, subject, async (email) => {
        const owner = await people.byVerifiedIdentifier('email', email)
        return owner && audiences.of(PACKAGER).of(owner)
      }),
    packageOf: async (request, subject, type) => await vault.made(request, subject, type),
    erase: async (subject) => await erase(erasure, reception, subject),
  }
}

/** Identifiers that lead to different people lead to nobody. */
async function personOf(
  { identities, subject }: WhoAsks,
  people: PeopleByIdentifier,
): Promise<SubjectId | null> {
  if (subject !== null) return subject
  const found = new Set<SubjectId>()
  for (const { kind, value } of identities) {
    const one = await people.byVerifiedIdentifier(kind, value)
    if (one !== null) found.add(one)
  }
  const [only = null] = found
  return found.size > 1 ? null : only
}

const ERASE: Selection = {
  operation: 'mutation',
  operationName: 'erase',
  documentId: 'erase',
  personal: [],
  scopes: ['rights:write'],
  rootFields: ['eraseProfile'],
}

/** In the name of the person, who has said that it is them. Who is gone already is not erased twice. */
async function erase(erasure: Erasure, reception: Reception, subject: SubjectId): Promise<void> {
  const requestId = reception.newRequestId()
  const caller = { principal: asPerson(subject), purposeHeader: null, requestId }
  const visit = await reception.admit(caller, ERASE, ERASE.documentId, null, [], 0)
  try {
    await erasure.erase(visit.scope, subject)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'NOT_FOUND') throw error
  }
  await reception.leave(visit, 'permit', null)
}
