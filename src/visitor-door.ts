import type { VisitorDoor } from './gateway/govern/visitors.ts'
import type { Ingest } from './gateway/ingest/ingest.ts'
import { Refusal } from './kernel/refusal.ts'

/** Visitors come in like everybody: as an anonymous id that nobody has verified. */
export function visitorDoor(ingest: Ingest): VisitorDoor {
  return {
    async admit(anonymousId) {
      const profile = {
        type: 'profile',
        recordKey: anonymousId,
        identifiers: [{ kind: 'anonymousId', value: anonymousId }],
        traits: {},
      }
      const { subjects, rejected } = await ingest.acceptLive('web', [profile], { verified: false })
      const subject = subjects[0]
      if (!subject)
        throw new Refusal(
          'INTERNAL',
          `The visitor was not admitted: ${rejected[0]?.reasons.join('; ')}.`,
        )
      return subject
    },
  }
}
