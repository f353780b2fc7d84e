import { admitPlan } from './admit-plan.ts'
import { decideConsent } from './decide-consent.ts'
import type { Draft } from './draft.ts'
import { knowProfile } from './know-profile.ts'
import { minimiseFields } from './minimise-fields.ts'
import { noteDisclosure } from './note-disclosure.ts'
import { pseudonymiseSubject } from './pseudonymise-subject.ts'
import { recordResponse } from './record-response.ts'

/**
 * How data leaves. Read top to bottom; nothing leaves by another way.
 *
 * | step         | once per | what it settles                                                          |
 * |--------------|----------|--------------------------------------------------------------------------|
 * | admit        | request  | cost, purpose and scopes, before any data is loaded                      |
 * | (load)       | batch    | one statement, only the columns of the plan (profile-rows.ts)            |
 * | consent      | row      | the person's consent at this instant -> a treatment for every field      |
 * | know         | row      | may the caller know of this profile at all                               |
 * | minimise     | row      | each field in its treatment; withheld ones are not read                  |
 * | pseudonymise | row      | the id in the caller's audience                                          |
 * | note         | row      | person, treatments and consent for the entry; what is withheld and why   |
 * | record       | request  | the entry is durable, only then does a byte leave                        |
 */
export const steps = {
  beforeLoading: admitPlan,
  onEachRow: [
    decideConsent,
    knowProfile,
    minimiseFields,
    pseudonymiseSubject,
    noteDisclosure,
  ] as readonly ((draft: Draft) => boolean)[],
  beforeAnswering: recordResponse,
}

/** Walks one row through its steps; false where the caller must not learn that the profile exists. */
export function disclose(draft: Draft): boolean {
  for (const step of steps.onEachRow) if (!step(draft)) return false
  return true
}
