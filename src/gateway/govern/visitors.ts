import type { Principal } from '../../domain/access/principal.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock } from '../../kernel/time.ts'
import { actorOf } from '../scope/actor.ts'
import type { Audiences } from '../scope/audiences.ts'
import type { Denials } from '../scope/denials.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Reserve } from '../scope/reserve.ts'
import type { VisitorCookie, VisitorCookies } from '../scope/visitor-cookie.ts'

/** The ingest door, as far as a new visitor needs it: an unverified anonymous id comes in, the subject it made comes back. */
export interface VisitorDoor {
  admit(anonymousId: string): Promise<SubjectId>
}

export interface VisitorsParts {
  readonly door: VisitorDoor
  readonly cookies: VisitorCookies
  readonly audiences: Audiences
  readonly recorder: Recorder
  readonly denials: Denials
  readonly reserve: Reserve
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Makes visitors known: people without a name, seen by one device's cookie only. */
export class Visitors {
  readonly #parts: VisitorsParts

  constructor(parts: VisitorsParts) {
    this.#parts = parts
  }

  /**
   * The cookie of the visitor that a front end is talking to: a known one gets a fresh cookie, otherwise a new visitor
   * begins.
   * @param principal from the front end's own token, together with the cookie it sent, if any.
   * @throws Refusal FORBIDDEN for callers that aren't front ends, that act for a signed-in person, or that may
   * not write about anybody they have not met.
   */
  async greet(principal: Principal, requestId: string): Promise<VisitorCookie> {
    const { recorder, denials, reserve, audiences, door, cookies, clock, randomness } = this.#parts
    const { client, subject } = principal
    const by = { actor: actorOf(principal, audiences), audience: client.audience, requestId }
    const action = { action: 'visitor.greet', isNew: subject === null }
    const refusal = refusalOf(principal)
    if (refusal) {
      await denials.spend(by)
      await recorder.recordAction(action, { ...by, refused: refusal.code })
      throw refusal
    }
    reserve.assertRoom()
    const visitor = subject ?? (await door.admit(uuidV7(clock.now(), randomness)))
    await recorder.recordAction(action, by)
    return cookies.issue(client, visitor, clock.now())
  }
}

/** A visitor is somebody new: nobody whom a token could name, and of use to those only who tell what it does or wants. */
function refusalOf({ roles, scopes, subjects }: Principal): Refusal | null {
  if (!roles.includes('visitor'))
    return new Refusal('FORBIDDEN', 'Only a front end for which nobody is signed in has visitors.')
  if (!scopes.has('events:write') && !scopes.has('consent:write'))
    return new Refusal('FORBIDDEN', 'Visitors need the scope events:write or consent:write.', {
      scope: 'events:write',
    })
  if (subjects === null) return null
  return new Refusal('FORBIDDEN', 'A token that is limited to certain people has no visitors.')
}
