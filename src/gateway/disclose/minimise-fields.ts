import type { Draft } from './draft.ts'
import { openSealed } from './open-sealed.ts'
import { plainGroupsOf } from './row-values.ts'

/** Reads each field in the treatment that was decided for it; a withheld one is not read at all. */
export function minimiseFields(draft: Draft): boolean {
  const { row, decisions, scope } = draft
  if (!decisions) return false
  const values = { plain: plainGroupsOf(row), sealed: openSealed(draft.keys, row), now: scope.now }
  for (const field of decisions.fields) {
    const target = field.group === null ? draft.own : groupOf(draft, field.group)
    target[field.name] = field.read === null ? null : field.read(values)
  }
  return true
}

function groupOf(draft: Draft, name: string): Record<string, unknown> {
  const group = draft.groups[name] ?? {}
  draft.groups[name] = group
  return group
}
