import type { Principal } from '../../domain/access/principal.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { VisitorCookie, VisitorCookies } from '../scope/visitor-cookie.ts'

/** The ingest door, as far as a new visitor needs it: an unverified anonymous id comes in, the subject it made comes back. */
export interface VisitorDoor {
  admit(anonymousId: string): Promise<SubjectId>
}

/** Makes visitors known: people without a name, seen by one device's cookie only. */
export class Visitors {
  readonly #door: VisitorDoor
  readonly #cookies: VisitorCookies
  readonly #recorder: Recorder
  readonly #clock: Clock
  readonly #randomness: Randomness

  constructor(parts: {
    door: VisitorDoor
    cookies: VisitorCookies
    recorder: Recorder
    clock: Clock
    randomness: Randomness
  }) {
    this.#door = parts.door
    this.#cookies = parts.cookies
    this.#recorder = parts.recorder
    this.#clock = parts.clock
    this.#randomness = parts.randomness
  }

  /**
   * The cookie of the visitor that a front end is talking to: a known one gets a fresh cookie, otherwise a new visitor
   * begins.
   * @param principal from the front end's own token, together with the cookie it sent, if any.
   * @throws Refusal FORBIDDEN for callers that aren't front ends, or that act for a signed-in person.
   */
  async greet(principal: Principal, requestId: string): Promise<VisitorCookie> {
    if (!principal.roles.includes('visitor'))
      throw new Refusal('FORBIDDEN', 'Only a front end for which nobody is signed in has visitors.')
    const { client, subject } = principal
    const visitor = subject ?? (await this.#door.admit(uuidV7(this.#clock.now(), this.#randomness)))
    await this.#recorder.recordAction(
      { action: 'visitor.greet', isNew: subject === null },
      {
        actor: {
          clientId: client.id,
          userPseudonym: null,
          roles: principal.roles,
          tokenJti: principal.tokenId,
          cnfJkt: null,
        },
        audience: client.audience,
        requestId,
      },
    )
    return this.#cookies.issue(client, visitor, this.#clock.now())
  }
}
