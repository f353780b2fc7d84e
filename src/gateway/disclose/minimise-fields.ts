import type { PlainGroups } from '../../domain/profiles/read-model.ts'
import type { Draft } from './draft.ts'
import { openSealed } from './open-sealed.ts'

/** Reads each field in the treatment that was decided for it; a withheld one is not read at all. */
export function minimiseFields(draft: Draft): boolean {
  const { row, decisions, scope } = draft
  if (!decisions) return false
  const values = { plain: plainOf(row), sealed: openSealed(draft.keys, row), now: scope.now }
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

const NOTHING = {}

function plainOf(row: Draft['row']): PlainGroups {
  return {
    demographics: row.demographics ?? NOTHING,
    location: row.location ?? NOTHING,
    account: row.account ?? NOTHING,
    activity: row.activity ?? NOTHING,
    device: row.device ?? NOTHING,
    commerce: row.commerce ?? NOTHING,
    custom: row.custom ?? NOTHING,
  }
}
