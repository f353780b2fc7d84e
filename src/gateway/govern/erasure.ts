import type { OutboxMessage, SealedMessage } from '../../domain/delivery/outbox.ts'
import { sealMessage } from '../../domain/delivery/seal-message.ts'
import { blindIndex } from '../../domain/privacy/blind-index.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { ErasureRecord, ErasureStore } from '../../domain/profiles/erasure-store.ts'
import { type Identifier, isIdentifierKind } from '../../domain/profiles/identifier.ts'
import { metRequest } from '../../domain/profiles/met-request.ts'
import { normaliseIdentifier } from '../../domain/profiles/normalise.ts'
import type { HeldRequest } from '../../domain/profiles/subject-request-store.ts'
import { SUPPRESSION, suppressedBy, suppressionHash } from '../../domain/profiles/suppression.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock, Instant } from '../../kernel/time.ts'
import { byClient } from '../scope/actor.ts'
import type { Audiences } from '../scope/audiences.ts'
import { assertAnybody, namedPerson } from '../scope/named-person.ts'
import { OPERATOR, type Recorder } from '../scope/recorder.ts'
import type { Scope } from '../scope/scope.ts'
import { planErasure } from './erasure-plan.ts'

export interface ErasureParts {
  readonly store: ErasureStore
  readonly keys: KeyStore
  readonly audiences: Audiences
  readonly recorder: Pick<Recorder, 'recordAction'>
  readonly clock: Clock
  readonly randomness: Randomness
}

type By = NonNullable<Parameters<Recorder['recordAction']>[1]>

/**
 * Erases people. Each step leaves the erasure in a state from which the next one follows, and can be done twice:
 *
 * | state before | step      | what it does                                                                     |
 * |--------------|-----------|----------------------------------------------------------------------------------|
 * | (none)       | announce  | an entry says that an erasure begins, by its id, which names nobody              |
 * |              | begin     | one transaction: every row of the person goes, suppressions and this erasure stay |
 * | begun        | shred     | data keys and salts of all subjects that were merged into the person are destroyed |
 * | keyless      | unlist    | the index of the trail forgets them; entries stay, with references that lead nowhere |
 *
 * Keys go after the rows: had the transaction failed, their data would be there and unreadable. Whatever stops the
 * process, `resume` goes on with the next step.
 */
export class Erasure {
  readonly #parts: ErasureParts

  constructor(parts: ErasureParts) {
    this.#parts = parts
  }

  /**
   * Erases the person whom a caller acts for, or whom staff names. When this resolves, no read that starts later, on any
   * gateway, finds anything of them (other gateways drop cached keys within a second).
   * @throws Refusal FORBIDDEN, NOT_FOUND
   */
  async erase(scope: Scope, subject: SubjectId): Promise<ErasureRecord> {
    return await this.#demanded(scope, subject, null)
  }

  /**
   * As `erase`, of the person acted for, or whom staff names by a pseudonym. That it was demanded and met stands in the
   * register of requests from when the person is gone.
   */
  async eraseNamed(scope: Scope, pseudonym: string | null): Promise<ErasureRecord> {
    const { audiences, randomness } = this.#parts
    const subject = namedPerson(scope, audiences, pseudonym)
    const about = { subject: null, clientId: scope.principal.client.id, at: scope.now }
    const met = metRequest({ ...about, type: 'erasure' }, randomness)
    return await this.#demanded(scope, subject, met)
  }

  /** Goes on with erasures that a crash has left in between. @returns how many. */
  async resume(): Promise<number> {
    const left = await this.#parts.store.unfinished()
    for (const erasure of left) await this.#finish(erasure, { actor: OPERATOR })
    return left.length
  }

  /**
   * Lets somebody come back by their own will: every identifier that was suppressed with one of these. Sources may bring
   * them again from then on; nothing of what was erased returns.
   * @returns how many identifiers are free again.
   * @throws Refusal FORBIDDEN, BAD_USER_INPUT
   */
  async liftSuppression(
    scope: Scope,
    identifiers: readonly { readonly kind: string; readonly value: string }[],
  ): Promise<number> {
    assertRights(scope)
    if (scope.grant.actsForSubject)
      throw new Refusal('FORBIDDEN', 'Only staff may let somebody back in.')
    assertAnybody(scope.principal)
    const { keys, store, recorder } = this.#parts
    const [index, key] = [keys.installationKey('blind-index'), keys.installationKey(SUPPRESSION)]
    const hashes = identifiers
      .map(readIdentifier)
      .flatMap(({ kind, value }) =>
        suppressedBy([{ kind, blindIndex: blindIndex(index, kind, value).toString('hex') }]).map(
          (one) => suppressionHash(key, one),
        ),
      )
    await recorder.recordAction({ action: 'suppression.lift' }, byClient(scope))
    const lifted = await store.lift(hashes)
    scope.noteAction({ suppressionsLifted: lifted })
    return lifted
  }

  async #demanded(
    scope: Scope,
    subject: SubjectId,
    met: HeldRequest | null,
  ): Promise<ErasureRecord> {
    assertRights(scope)
    if (scope.grant.actsForSubject && scope.principal.subject !== subject)
      throw new Refusal('FORBIDDEN', 'This token speaks for one person.')
    const erased = await this.#erase(subject, met, byClient(scope))
    scope.noteAction({ erased: erased.id })
    return erased
  }

  async #erase(subject: SubjectId, met: HeldRequest | null, by: By): Promise<ErasureRecord> {
    const { store, keys, recorder, clock, randomness } = this.#parts
    // Whose erasure is under way is not announced twice.
    const under = await store.underWay(subject)
    if (under !== null) return await this.#finish(under, by)
    const now = clock.now()
    const id = uuidV7(now, randomness)
    const action = { action: 'erasure.begin', erasure: id, ...(met ? { request: met.id } : {}) }
    await recorder.recordAction(action, { ...by, requestId: id })
    await keys.refresh()
    const begun = await store.begin({
      id,
      subject,
      now,
      plan: (traces) => planErasure(traces, keys, (told) => this.#notices(subject, told, now)),
      ...(met ? { met } : {}),
    })
    if (begun === null) throw new Refusal('NOT_FOUND', 'There is no such profile.')
    return await this.#finish(begun, by)
  }

  /** Under the pseudonym by which each recipient knows the person; they outlive the person. */
  #notices(subject: SubjectId, audiences: readonly string[], at: Instant): SealedMessage[] {
    const { keys, randomness } = this.#parts
    return audiences.flatMap((audience) => {
      const message: OutboxMessage = {
        id: uuidV7(at, randomness),
        kind: 'subject.erased',
        to: { audience },
        data: { profile: this.#parts.audiences.of(audience).of(subject) },
        subject: null,
        needs: null,
        fields: [],
        at,
      }
      return sealMessage(message, keys, randomness) ?? []
    })
  }

  async #finish(erasure: ErasureRecord, by: By): Promise<ErasureRecord> {
    const { store, keys, recorder, clock } = this.#parts
    const { id } = erasure
    if (erasure.state === 'begun') {
      await keys.destroy(erasure.subjects)
      await store.advance(id, 'keyless', clock.now())
    }
    await store.unlist(erasure.refs, erasure.lookUps)
    const rows = Object.values(erasure.removed).reduce((sum, count) => sum + count, 0)
    await recorder.recordAction(
      { action: 'erasure.stop', erasure: id, rows },
      { ...by, requestId: id },
    )
    await store.advance(id, 'stopped', clock.now())
    const stopped = await store.find(id)
    if (stopped === null) throw new Error(`erasure ${id} is not there`)
    return stopped
  }
}

/** Beside the schema's `@scope`: what ends people's data does not rest on one check. */
function assertRights({ grant }: Scope): void {
  if (!grant.scopes.has('rights:write'))
    throw new Refusal('FORBIDDEN', 'This token may not do that.')
}

function readIdentifier({ kind, value }: { kind: string; value: string }): Identifier {
  const read = isIdentifierKind(kind) ? normaliseIdentifier({ kind, value }, null) : null
  if (read === null || 'problem' in read)
    throw new Refusal('BAD_USER_INPUT', 'An identifier has a known kind and a value of that kind.')
  return read.value
}
