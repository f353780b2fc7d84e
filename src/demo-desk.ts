import type { Gateway } from './compose.ts'
import { demoPrincipals } from './inbound/demo/clients.ts'
import { anonymousId, crmId, userId } from './inbound/demo/people.ts'
import type { DemoCredentials } from './inbound/demo/seed.ts'
import type { DemoDesk } from './inbound/http/development-pages.ts'
import type { SubjectId } from './kernel/ids.ts'

/** What the development pages show of the demo: its principals, and under which pseudonym each knows a person. */
export function demoDesk({ people, audiences }: Gateway, credentials: DemoCredentials): DemoDesk {
  return {
    principals: async () => credentials,
    async idsOf(person) {
      const subject = await subjectOf(person, people)
      if (subject === null) return {}
      const entries = Object.entries(demoPrincipals)
      return Object.fromEntries(
        entries.map(([name, { client }]) => [
          name,
          audiences.of(client.audience ?? client.id).of(subject),
        ]),
      )
    },
  }
}

/** Not every source of the demo knows everybody. */
async function subjectOf(person: number, people: Gateway['people']): Promise<SubjectId | null> {
  return (
    (await people.byVerifiedIdentifier('crmId', crmId(person))) ??
    (await people.byVerifiedIdentifier('userId', userId(person))) ??
    (await people.byVerifiedIdentifier('anonymousId', anonymousId(person)))
  )
}
