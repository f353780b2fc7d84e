import type { AuditLog } from '../../../src/domain/audit/audit-log.ts'
import { type Beginning, recordBeginning } from '../../../src/gateway/govern/beginnings.ts'
import type { Recorder } from '../../../src/gateway/scope/recorder.ts'

const ordinary: Beginning = { keysMade: false, migrations: [], policyVersion: 'now' }

/** @param newest policy version of the newest entry; null: there is none. */
async function recorded(newest: string | null, beginning: Beginning): Promise<unknown[]> {
  const actions: unknown[] = []
  const recorder = { recordAction: async (action: unknown) => String(actions.push(action)) }
  const found = newest === null ? [] : [{ entry: { policy: { version: newest } } }]
  const log = { find: async () => found } as unknown as AuditLog
  await recordBeginning(recorder as unknown as Recorder, log, beginning)
  return actions
}

describe('a start', () => {
  test('of an installation is an entry about its keys, its schema and its policy', async () => {
    const first = { ...ordinary, keysMade: true, migrations: ['Subjects1', 'Records2'] }
    expect(await recorded(null, first)).toEqual([
      { action: 'keys.make' },
      { action: 'schema.migrate', migrations: 'Subjects1 Records2' },
      { action: 'policy.change', before: null, now: 'now' },
    ])
  })

  test('under another policy than that of the newest entry is an entry', async () => {
    expect(await recorded('before', ordinary)).toEqual([
      { action: 'policy.change', before: 'before', now: 'now' },
    ])
  })

  test('that changes nothing is none', async () => {
    expect(await recorded('now', ordinary)).toEqual([])
  })
})
