import fc from 'fast-check'
import { discardedLine, exportFiles } from '../../../src/domain/audit/export-folder.ts'
import { leafHash } from '../../../src/domain/audit/merkle.ts'
import { verifyExport } from '../../../src/gateway/attest/verify-export.ts'
import {
  announcing,
  entryBytes,
  type FolderInMemory,
  findingsIn,
  kindsIn,
  SmallLog,
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

function withLines(change: (lines: string[]) => void): FolderInMemory {
  return tampered((folder) => {
    const lines = [...folder.lines]
    change(lines)
    folder.lines = lines
  })
}

const line = fc.nat({ max: range.count - 1 })

describe('a fault in the entries is named', () => {
  test('an altered byte of any entry', async () => {
    await fc.assert(
      fc.asyncProperty(line, fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, where, by) => {
        const folder = withLines((lines) => {
          const bytes = Buffer.from(lines[at] as string, 'latin1')
          const place = where % bytes.length
          const changed = (bytes[place] as number) ^ by
          // A newline would make two lines of one: the next test.
          bytes[place] = changed === 0x0a ? 0x20 : changed
          lines[at] = bytes.toString('latin1')
        })
        expect(await findingsIn(folder)).toEqual([
          expect.objectContaining({ kind: 'entry-altered', entry: 300 + at, line: at + 1 }),
        ])
      }),
      { numRuns: 60 },
    )
  })

  test('a line broken in two, and two lines made one', async () => {
    await fc.assert(
      fc.asyncProperty(line, async (at) => {
        const broken = withLines((lines) => {
          lines.splice(at, 1, (lines[at] as string).slice(0, 9), (lines[at] as string).slice(9))
        })
        expect(await kindsIn(broken)).toEqual(['entry-altered', 'entry-added'])
        if (at === 0) return
        const joined = withLines((lines) => {
          lines.splice(at - 1, 2, `${lines[at - 1]} ${lines[at]}`)
        })
        expect(await findingsIn(joined)).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ kind: 'entry-altered', entry: 299 + at }),
            expect.objectContaining({ entry: 300 + at }),
          ]),
        )
      }),
      { numRuns: 20 },
    )
  })

  test('dropped entries, one or several', async () => {
    await fc.assert(
      fc.asyncProperty(line, fc.integer({ min: 1, max: 5 }), async (at, some) => {
        const folder = withLines((lines) => void lines.splice(at, some))
        const gone = Math.min(some, 300 - at)
        const kind = at + gone === 300 ? 'tail-truncated' : 'entry-dropped'
        const first = 300 + at
        expect(await findingsIn(folder)).toEqual([
          expect.objectContaining(
            gone === 1
              ? { kind, entry: first }
              : { kind, entry: first, lastEntry: first + gone - 1 },
          ),
        ])
      }),
      { numRuns: 40 },
    )
  })

  test('a duplicated entry, wherever it is put', async () => {
    await fc.assert(
      fc.asyncProperty(line, fc.nat({ max: 300 }), async (from, to) => {
        const folder = withLines((lines) => void lines.splice(to, 0, lines[from] as string))
        expect(await findingsIn(folder)).toEqual([
          expect.objectContaining({ kind: 'entry-duplicated', entry: 300 + from }),
        ])
      }),
      { numRuns: 40 },
    )
  })

  test('an entry overwritten with another one', async () => {
    await fc.assert(
      fc.asyncProperty(line, line, async (from, to) => {
        fc.pre(from !== to)
        const folder = withLines((lines) => {
          lines[to] = lines[from] as string
        })
        const findings = await findingsIn(folder)
        const missing = to === 299 ? 'tail-truncated' : 'entry-dropped'
        expect(findings).toHaveLength(2)
        expect(findings).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ kind: 'entry-duplicated', entry: 300 + from }),
            expect.objectContaining({ kind: missing, entry: 300 + to }),
          ]),
        )
      }),
      { numRuns: 40 },
    )
  })

  test('entries in another order', async () => {
    await fc.assert(
      fc.asyncProperty(line, line, async (one, other) => {
        fc.pre(one !== other)
        const swapped = withLines((lines) => {
          ;[lines[one], lines[other]] = [lines[other] as string, lines[one] as string]
        })
        const kinds = await kindsIn(swapped)
        expect(new Set(kinds)).toEqual(new Set(['entry-reordered']))
        const moved = withLines((lines) => void lines.splice(other, 0, ...lines.splice(one, 1)))
        expect(await kindsIn(moved)).toEqual(['entry-reordered'])
      }),
      { numRuns: 40 },
    )
  })

  test('an entry that was never written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 300 }), async (at) => {
        const forged = entryBytes(10_000).toString('latin1')
        const folder = withLines((lines) => void lines.splice(at, 0, forged))
        expect(await findingsIn(folder)).toEqual([
          expect.objectContaining({ kind: 'entry-added', line: at + 1 }),
        ])
      }),
      { numRuns: 20 },
    )
  })

  test('a tail cut off at any byte', async () => {
    const entries = whole.bytes(exportFiles.entries)
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: entries.length - 1 }), async (end) => {
        const folder = tampered((one) => one.put(exportFiles.entries, entries.subarray(0, end)))
        const kinds = await kindsIn(folder)
        expect(kinds).not.toEqual([])
        // Where the cut goes through an entry, that one is altered; all behind it are missing.
        expect(['tail-truncated', 'entry-altered']).toEqual(expect.arrayContaining([...kinds]))
        expect(kinds).toContain('tail-truncated')
      }),
      { numRuns: 40 },
    )
  })

  test('all entries replaced', async () => {
    const folder = withLines((lines) => {
      for (const at of lines.keys()) lines[at] = entryBytes(20_000 + at).toString('latin1')
    })
    expect(new Set(await kindsIn(folder))).toEqual(new Set(['entry-altered']))
  })

  test('a line longer than any entry', async () => {
    const folder = tampered((one) => one.put(exportFiles.entries, Buffer.alloc(200_000, 0x20)))
    expect(await kindsIn(folder)).toContain('file-malformed')
  })

  test('an entry altered together with its hash is found, though not named for sure', async () => {
    const folder = withLines((lines) => {
      lines[7] = '{}'
    })
    leafHash(Buffer.from('{}')).copy(folder.bytes(exportFiles.hashes), 7 * 32)
    expect(await kindsIn(folder)).toEqual(['root-mismatch'])
  })
})

/** One for each run of them. */
const discarded = Array.from({ length: 3 }, () => 'discard-unannounced')

describe('discarded entries', () => {
  const announced = [310, 311, 320, 590]
  const announcement = announcing('e690', announced)
  const kept = new SmallLog(
    log.entries.map((entry, index) => (index === 690 ? announcement : entry)),
  )

  test.each([
    { count: 300, where: 'outside of the export' },
    { count: 400, where: 'in the export' },
  ])('verify by their hashes where an entry $where announces them', async ({ count }) => {
    const asked = { first: 300, count, size: SIZE, discarded: new Set(announced) }
    const folder = await kept.export({ ...asked, announcements: [690] })
    const report = await verifyExport(folder, { withoutWitness: false })
    expect(report).toMatchObject({ verified: true, discarded: 4 })
    const file = exportFiles.announcementOf(690)
    const written = folder.bytes(file)
    folder.put(file, written.toString().replace('590', '591'))
    expect(await kindsIn(folder)).toEqual(['announcement-wrong', ...discarded])
    folder.put(file, Buffer.concat([written, Buffer.from(' ')]))
    expect(await kindsIn(folder)).toEqual(['announcement-wrong', ...discarded])
    folder.files.delete(file)
    expect(await kindsIn(folder)).toEqual(['announcement-wrong', ...discarded])
  })

  test('are not announced by an entry that says something else', async () => {
    const folder = await log.export({ ...range, announcements: [650] })
    expect(await kindsIn(folder)).toEqual(['announcement-wrong'])
  })

  test('that nobody announces are named', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(line, { minLength: 1, maxLength: 20 }), async (some) => {
        const folder = withLines((lines) => {
          for (const at of some)
            lines[at] = discardedLine(leafHash(Buffer.from(lines[at] as string)))
        })
        const findings = await findingsIn(folder)
        expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['discard-unannounced']))
        expect(findings.map(({ entry }) => entry)).toContain(300 + Math.min(...some))
      }),
      { numRuns: 20 },
    )
    const beside = await kept.export({
      ...range,
      discarded: new Set([...announced, 312, 400]),
      announcements: [690],
    })
    expect((await findingsIn(beside)).map(({ entry }) => entry)).toEqual([312, 400])
  })

  test('with another hash in their place are altered', async () => {
    const folder = withLines((lines) => {
      lines[5] = discardedLine(leafHash(Buffer.from('another')))
    })
    expect(await kindsIn(folder)).toEqual(['entry-altered', 'discard-unannounced'])
  })
})
