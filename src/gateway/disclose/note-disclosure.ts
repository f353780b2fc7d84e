import type { Draft } from './draft.ts'

/** Notes for the entry who is shown in which treatments, and for the caller what is withheld. A person without keys was erased. */
export function noteDisclosure(draft: Draft): boolean {
  const { scope, row, decisions, keys } = draft
  draft.ref = keys.auditRefOf(row.subjectId)
  if (!decisions || draft.ref === null) return false
  scope.noteSubject(draft.ref, decisions.treatments, consentOf(draft))
  if (decisions.withheld.length > 0) scope.noteWithheld(decisions.withheld, draft.id)
  return true
}

export function consentOf(draft: Pick<Draft, 'row' | 'decisions'>) {
  const standing = draft.decisions?.standing
  if (!standing) return null
  const signal = draft.decisions?.closedBy
  if (signal) {
    const [recordId, source] = draft.row.consent.records[`signal:${signal}`] ?? [null, signal]
    return { recordId, state: 'SignalOn', source }
  }
  const [recordId, source] = draft.row.consent.records[standing.key] ?? [null, 'record']
  return { recordId, state: standing.state, source }
}
