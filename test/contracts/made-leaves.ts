import { randomBytes } from 'node:crypto'
import type { AuditLeaf } from '../../src/domain/audit/audit-log.ts'
import type { AuditEntry } from '../../src/domain/audit/entry.ts'
import { leavesOf } from '../../src/domain/audit/leaf.ts'
import { leafHash } from '../../src/domain/audit/merkle.ts'
import { uuidV7 } from '../../src/kernel/ids.ts'

let counter = 0
export const newId = () => uuidV7(1_700_000_000_000 + counter++, { bytes: (n) => randomBytes(n) })

export function entry(changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    v: 1,
    entryId: newId(),
    time: '2026-01-31T09:30:00.000Z',
    requestId: 'request-1',
    phase: 'decision',
    outcome: 'permit',
    actor: {
      clientId: 'partnerAcme',
      userPseudonym: null,
      roles: ['partner'],
      tokenJti: null,
      cnfJkt: null,
    },
    audience: 'acme',
    operation: { documentId: null, name: null },
    purpose: 'PARTNER_SHARING',
    purposeIri: null,
    legalBasis: null,
    policy: { version: '1', ruleIds: [] },
    sets: [],
    subjects: [],
    argsHmac: null,
    ...changes,
  }
}

export const leaf = (changes: Partial<AuditEntry> = {}): AuditLeaf =>
  leavesOf(entry(changes), newId)[0] as AuditLeaf

export function leafOfBytes(text: string): AuditLeaf {
  const bytes = Buffer.from(text)
  return { entryId: newId(), bytes, hash: leafHash(bytes) }
}

/** One of each kind that is indexed differently. */
export function manifold(): AuditLeaf[] {
  const refs = ['r1', 'r2', '"],[\n\ud800']
  return [
    leaf({
      sets: [{ fields: [{ path: 'contact.email', treatment: 'MASKED' }] }],
      subjects: refs.map((ref) => ({ ref, set: 0, consent: null })),
      args: [{ path: 'profileBy.identifier', hmacs: ['AAAAAAAAAAAAAAAAAAAAAA'] }],
    }),
    leaf({ phase: 'admin', action: { action: 'fit', membersSha256: 'x', members: 7 } }),
    leaf({ time: '2026-02-01T00:00:00.000Z', outcome: 'deny' }),
  ]
}
