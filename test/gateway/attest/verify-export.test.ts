import fc from 'fast-check'
import type { FindingKind } from '../../../src/domain/audit/export-finding.ts'
import { exportFiles } from '../../../src/domain/audit/export-folder.ts'
import { cosignNote, formatVerifierKey, signerKey } from '../../../src/domain/audit/signed-note.ts'
import { verifyExport } from '../../../src/gateway/attest/verify-export.ts'
import { Refusal } from '../../../src/kernel/refusal.ts'
import {
  entryBytes,
  type FolderInMemory,
  findingsIn,
  kindsIn,
  logKey,
  SmallLog,
  witnessKey,
} from './exported-log.ts'

const SIZE = 700
const log = SmallLog.of(SIZE)
const range = { first: 300, count: 300, size: SIZE, oldSize: 420 }
const whole = await log.export(range)

function tampered(change: (folder: FolderInMemory) => void): FolderInMemory {
  const folder = whole.copy()
  change(folder)
  return folder
}

const terms = { withoutWitness: false }

describe('an export of the trail', () => {
  test('verifies as it was written, whatever part of the log it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: SIZE }),
        fc.nat(),
        fc.nat(),
        fc.nat(),
        async (size, one, other, old) => {
          const first = one % (size + 1)
          const count = other % (size - first + 1)
          const folder = await log.export({ first, count, size, oldSize: 1 + (old % size) })
          expect(await findingsIn(folder)).toEqual([])
        },
      ),
      { numRuns: 60 },
    )
  })

  test('says what was verified, and by whose keys', async () => {
    const asked = { ...terms, logKey: formatVerifierKey(logKey) }
    const seen: number[] = []
    const report = await verifyExport(whole, asked, (entries) => void seen.push(entries))
    expect(report).toEqual({
      verified: true,
      findings: [],
      moreFindings: 0,
      checkpoint: { origin: 'example.com/trail', size: SIZE },
      range: { first: 300, count: 300 },
      discarded: 0,
      logKey: { vkey: formatVerifierKey(logKey), from: 'verifier' },
      witnessKey: { vkey: formatVerifierKey(witnessKey), from: 'export' },
    })
    expect(seen.at(-1)).toBe(300)
  })

  test('of an empty log verifies', async () => {
    const folder = await log.export({ first: 0, count: 0, size: 0 })
    expect(await findingsIn(folder)).toEqual([])
  })
})

describe('a fault in the other files is named', () => {
  test.each<[string, FindingKind]>([
    [exportFiles.entries, 'file-missing'],
    [exportFiles.hashes, 'file-missing'],
    [exportFiles.range, 'file-missing'],
    [exportFiles.checkpoint, 'file-missing'],
    [exportFiles.logKey, 'file-missing'],
    [exportFiles.witnessKey, 'file-missing'],
    [exportFiles.consistency, 'file-missing'],
    [exportFiles.oldCheckpoint, 'file-missing'],
  ])('%s removed: %s', async (file, kind) => {
    const folder = tampered((one) => void one.files.delete(file))
    const findings = await findingsIn(folder)
    expect(findings).toContainEqual(expect.objectContaining({ kind, file }))
  })

  test.each([
    exportFiles.hashes,
    exportFiles.range,
    exportFiles.checkpoint,
    exportFiles.logKey,
    exportFiles.witnessKey,
    exportFiles.oldCheckpoint,
    exportFiles.consistency,
  ])('any byte of %s changed, added or cut off', async (file) => {
    const before = whole.bytes(file)
    const changes = fc.oneof(
      fc.tuple(fc.nat({ max: before.length - 1 }), fc.integer({ min: 1, max: 255 })),
      fc.constant(null),
      fc.nat({ max: before.length - 1 }),
    )
    await fc.assert(
      fc.asyncProperty(changes, async (change) => {
        let bytes = Buffer.from(before)
        if (change === null) bytes = Buffer.concat([bytes, Buffer.from('\n')])
        else if (typeof change === 'number') bytes = bytes.subarray(0, change)
        else bytes[change[0]] = (bytes[change[0]] as number) ^ change[1]
        expect(await kindsIn(tampered((one) => one.put(file, bytes)))).not.toEqual([])
      }),
      { numRuns: 80 },
    )
  })

  test('a list of hashes that lists something else', async () => {
    const folder = tampered((one) => one.bytes(exportFiles.hashes).fill(0, 64, 96))
    expect(await kindsIn(folder)).toEqual(['hashes-altered'])
  })

  test('checkpoints in each other’s place', async () => {
    const folder = tampered((one) => {
      one.put(exportFiles.checkpoint, whole.bytes(exportFiles.oldCheckpoint))
      one.put(exportFiles.oldCheckpoint, whole.bytes(exportFiles.checkpoint))
    })
    expect(await kindsIn(folder)).toContain('checkpoint-swapped')
  })

  test('an earlier checkpoint played again', async () => {
    const replayed = tampered((one) =>
      one.put(exportFiles.checkpoint, whole.bytes(exportFiles.oldCheckpoint)),
    )
    expect(await kindsIn(replayed)).toContain('checkpoint-replayed')
    const earlier = await log.export({ first: 0, count: 100, size: 420 })
    const held = whole.bytes(exportFiles.checkpoint)
    expect(await kindsIn(earlier, { previous: held })).toEqual(['checkpoint-replayed'])
  })

  test('a checkpoint of a later log', async () => {
    const folder = await log.export({ first: 0, count: 100, size: 420 })
    folder.put(exportFiles.checkpoint, whole.bytes(exportFiles.checkpoint))
    expect(await kindsIn(folder)).toContain('checkpoint-other')
  })

  test('a history rewritten with the log’s key in hand', async () => {
    const rewritten = new SmallLog(
      log.entries.map((entry, index) => (index === 10 ? entryBytes(99_999) : entry)),
    )
    const folder = await rewritten.export({ ...range, witness: null })
    folder.put(exportFiles.witnessKey, whole.bytes(exportFiles.witnessKey))
    folder.put(exportFiles.oldCheckpoint, whole.bytes(exportFiles.oldCheckpoint))
    expect(await kindsIn(folder)).toEqual(['witness-signature', 'checkpoint-forked'])
    const held = whole.bytes(exportFiles.checkpoint)
    expect(await kindsIn(await rewritten.export(range), { previous: held })).toEqual([
      'checkpoint-forked',
    ])
  })

  test('an export that does not show that it extends the checkpoint that the verifier holds', async () => {
    const held = Buffer.from(await log.checkpoint(350))
    expect(await kindsIn(whole, { previous: held })).toEqual(['checkpoint-forked'])
    const kept = Buffer.from(await log.checkpoint(420))
    expect(await kindsIn(whole, { previous: kept })).toEqual([])
  })

  test('signatures by other keys, and other keys', async () => {
    const foreign = signerKey('example.com/trail', Buffer.alloc(32, 9))
    const note = cosignNote(
      cosignNote(await log.checkpoint(SIZE, null), foreign),
      witnessKey,
    ).replace(/— example.com\/trail [^\n]+\n/, '')
    const folder = tampered((one) => one.put(exportFiles.checkpoint, note))
    expect(await kindsIn(folder)).toEqual(['log-signature'])
    expect(await kindsIn(whole, { logKey: formatVerifierKey(foreign) })).toEqual(
      expect.arrayContaining(['key-foreign', 'log-signature']),
    )
    await expect(verifyExport(whole, { ...terms, logKey: 'no key' })).rejects.toThrow(Refusal)
  })

  test('no witness, unless the verifier does without', async () => {
    const folder = await log.export({ ...range, witness: null })
    expect(await kindsIn(folder)).toEqual(['file-missing'])
    expect(await kindsIn(folder, { withoutWitness: true })).toEqual([])
  })
})
