// Families of faults (privacy requirement A10): what a hand that should not have been there does to an export.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { discardedLine, exportFiles } from '../../dist/src/domain/audit/export-folder.js'
import { leafHash } from '../../dist/src/domain/audit/merkle.js'
import { signerKey } from '../../dist/src/domain/audit/signed-note.js'
import { rewrittenWorld } from './small-export.mjs'

const { entries, range, checkpoint, oldCheckpoint, consistency, logKey, witnessKey } = exportFiles

/** Each says what was done, which finding names it, and how it is done to the files of a folder. */
export async function families({ world, size, oldSize, announcement }) {
  const forger = signerKey(world.log.name, Buffer.alloc(32, 9))
  const impostor = signerKey(world.witness.name, Buffer.alloc(32, 8))
  const rewritten = rewrittenWorld()
  const notes = {
    unwitnessed: await world.checkpoint(size, { log: world.log, witness: null }),
    bySomebody: await world.checkpoint(size, { log: forger, witness: world.witness }),
    byImpostor: await world.checkpoint(size, { log: world.log, witness: impostor }),
    rewritten: await rewritten.checkpoint(size),
    rewrittenAlone: await rewritten.checkpoint(size, { log: world.log, witness: null }),
    old: await world.checkpoint(oldSize),
    other: await rewritten.checkpoint(oldSize),
  }
  const forgedEntry = { v: 1, entryId: 'forged' }
  return [
    ...inLines({
      'entry-altered: a byte of an entry': (lines) => {
        lines[100] = lines[100].replace('entry', 'Entry')
      },
      'entry-altered: a byte of the first': (lines) => {
        lines[0] = lines[0].replace('1', '2')
      },
      'entry-altered: a carriage return at the end of a line': (lines) => {
        lines[100] += '\r'
      },
      'entry-altered: a blank at the end of a line': (lines) => {
        lines[100] += ' '
      },
      'entry-dropped: one line': (lines) => lines.splice(100, 1),
      'entry-dropped: several lines': (lines) => lines.splice(100, 50),
      'entry-dropped: the first line': (lines) => lines.splice(0, 1),
      'tail-truncated: the last line': (lines) => lines.splice(-1),
      'tail-truncated: the last hundred lines': (lines) => lines.splice(-100),
      'entry-duplicated: next to itself': (lines) => lines.splice(100, 0, lines[100]),
      'entry-duplicated: at the end': (lines) => lines.push(lines[100]),
      'entry-duplicated: over another one': (lines) => {
        lines[200] = lines[100]
      },
      'entry-reordered: two next to each other': (lines) => {
        lines.splice(100, 2, lines[101], lines[100])
      },
      'entry-reordered: two far apart': (lines) => {
        ;[lines[100], lines[700]] = [lines[700], lines[100]]
      },
      'entry-added: in the middle': (lines) => lines.splice(100, 0, JSON.stringify(forgedEntry)),
      'entry-added: at the end': (lines) => lines.push(JSON.stringify(forgedEntry)),
      'entry-added: an empty line': (lines) => lines.push(''),
      'discard-unannounced: the bytes of an entry taken away': (lines) => {
        lines[100] = discardedLine(leafHash(Buffer.from(lines[100])))
      },
    }),
    fault('tail-truncated: cut within an entry', entries, (text) => text.slice(0, -40)),
    fault('tail-truncated: the last newline', entries, (text) => text.slice(0, -1)),
    {
      name: 'checkpoint-swapped: both checkpoints',
      change: (dir) => {
        const [one, other] = [checkpoint, oldCheckpoint].map((file) =>
          readFileSync(join(dir, file)),
        )
        writeFileSync(join(dir, checkpoint), other)
        writeFileSync(join(dir, oldCheckpoint), one)
      },
    },
    fault('checkpoint-replayed: the old one again', checkpoint, () => notes.old),
    fault('log-signature: another size', checkpoint, (text) =>
      text.replace(`\n${size}\n`, `\n${size - 1}\n`),
    ),
    fault('log-signature: another root', checkpoint, (text) =>
      text.replace(/\n.(.{43})\n\n/, '\nA$1\n\n'),
    ),
    fault('log-signature: by another key', checkpoint, () => notes.bySomebody),
    fault('log-signature: none', checkpoint, (text) =>
      text.replace(/— example.com\/trail .*\n/, ''),
    ),
    fault('witness-signature: none', checkpoint, () => notes.unwitnessed),
    fault('witness-signature: by another key', checkpoint, () => notes.byImpostor),
    fault(
      'witness-signature: history rewritten with the log’s key',
      checkpoint,
      () => notes.rewrittenAlone,
    ),
    fault('checkpoint-forked: history rewritten with both keys', checkpoint, () => notes.rewritten),
    fault('checkpoint-forked: another past', oldCheckpoint, () => notes.other),
    ...proofsOf('checkpoint-forked', consistency),
    ...proofsOf('root-mismatch', range),
    fault('file-malformed: a key that is none', logKey, (text) => text.replace('A', 'B')),
    fault('file-malformed: a witness’s key that is none', witnessKey, (text) => text.slice(0, 40)),
    fault('announcement-wrong: another entry', exportFiles.announcementOf(announcement), (text) =>
      text.replace('899', '898'),
    ),
    ...[entries, range, checkpoint, oldCheckpoint, consistency, logKey, witnessKey].map((file) => ({
      name: `file-missing: ${file}`,
      change: (dir) => rmSync(join(dir, file)),
    })),
  ]
}

function fault(name, file, change) {
  return {
    name,
    change: (dir) => {
      const before = readFileSync(join(dir, file), 'utf8')
      const after = change(before)
      if (after === before) throw new Error(`${name}: nothing was changed.`)
      writeFileSync(join(dir, file), after)
    },
  }
}

function inLines(changes) {
  return Object.entries(changes).map(([name, change]) =>
    fault(name, entries, (text) => {
      const lines = text.split('\n').slice(0, -1)
      change(lines)
      return lines.map((line) => `${line}\n`).join('')
    }),
  )
}

/** As in the public test data for Merkle proofs: modified, cut, and with something more in front or behind. */
function proofsOf(finding, file) {
  const garbage = Buffer.alloc(32, 7).toString('base64')
  const changes = {
    'a proof with another hash': (proof) => [garbage, ...proof.slice(1)],
    'a proof cut short': (proof) => proof.slice(0, -1),
    'an empty proof': () => [],
    'a proof with a hash more in front': (proof) => [garbage, ...proof],
    'a proof with a hash more behind': (proof) => [...proof, garbage],
  }
  return Object.entries(changes).map(([name, change]) =>
    fault(`${finding}: ${name} in ${file}`, file, (text) => {
      const told = JSON.parse(text)
      return `${JSON.stringify({ ...told, proof: change(told.proof) })}\n`
    }),
  )
}
