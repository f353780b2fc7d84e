import { consentAt } from '../../domain/privacy/consent.ts'
import type { Draft } from './draft.ts'

/** Takes the person's consent as it stands at this instant; what time alone has changed counts. */
export function decideConsent(draft: Draft): boolean {
  const { consent } = draft.row
  const expired = consent.until !== null && consent.until <= draft.scope.now
  draft.decisions = draft.plan.decisionsFor(
    expired ? consentAt(consent, draft.scope.now) : consent.state,
  )
  return true
}
