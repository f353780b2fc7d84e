import { limits } from '../../kernel/limits.ts'
import type { AuditLeaf } from './audit-log.ts'
import type { AuditEntry, AuditSubject } from './entry.ts'
import { leafHash } from './merkle.ts'

/**
 * The lines of one entry: one, or several where it would pass the size of a leaf. Every piece repeats the header
 * and carries part of the subjects; nothing is truncated.
 * @param nextId names the further pieces.
 */
export function leavesOf(entry: AuditEntry, nextId: () => string): AuditLeaf[] {
  const whole = toLeaf(entry)
  if (whole.bytes.length <= limits.auditLeafBytes) return [whole]
  const header = Buffer.byteLength(JSON.stringify({ ...entry, subjects: [] }))
  const perSubject = Math.max(1, Math.ceil((whole.bytes.length - header) / entry.subjects.length))
  const room = Math.max(1, Math.floor((limits.auditLeafBytes - header - 200) / (perSubject * 1.25)))
  const pieces: AuditSubject[][] = []
  for (let at = 0; at < entry.subjects.length; at += room)
    pieces.push([...entry.subjects.slice(at, at + room)])
  if (pieces.length === 0) pieces.push([])
  return pieces.map((subjects, number) =>
    toLeaf({
      ...entry,
      ...(number === 0 ? {} : { entryId: nextId(), args: [] }),
      subjects,
      part: { of: entry.entryId, number, count: pieces.length },
    }),
  )
}

function toLeaf(entry: AuditEntry): AuditLeaf {
  const bytes = Buffer.from(JSON.stringify(entry), 'utf8')
  return { entryId: entry.entryId, bytes, hash: leafHash(bytes), entry }
}
