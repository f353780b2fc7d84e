import fc from 'fast-check'
import {
  CheckpointError,
  checkpointText,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from '../../../src/domain/audit/checkpoint.ts'
import {
  cosignNote,
  NoteError,
  openNote,
  signerKey,
  signNote,
} from '../../../src/domain/audit/signed-note.ts'

const log = signerKey('example.com/trail', Buffer.alloc(32, 1))
const witness = signerKey('example.com/officer', Buffer.alloc(32, 2))
const impostor = signerKey('example.com/trail', Buffer.alloc(32, 3))
const checkpoint = { origin: log.name, size: 300, root: Buffer.alloc(32, 7) }

describe('a checkpoint', () => {
  test('comes back as it was written, and only in that form', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (size, root) => {
          const text = checkpointText({ origin: 'a', size, root: Buffer.from(root) })
          expect(parseCheckpoint(text)).toEqual({ origin: 'a', size, root: Buffer.from(root) })
          for (const worse of [
            `${text}\n`,
            `${text}extension\n`,
            text.trimEnd(),
            `\n${text}`,
            text.replace('\n', '\n0'),
            text.replace('\n', '\n-'),
            text.replace('=\n', '\n'),
          ])
            expect(() => parseCheckpoint(worse)).toThrow(CheckpointError)
        },
      ),
    )
    expect(() => parseCheckpoint(`a\n9007199254740992\n${'A'.repeat(43)}=\n`)).toThrow(
      CheckpointError,
    )
  })

  test('says who of those known has signed it', () => {
    const signed = signCheckpoint(checkpoint, log)
    expect(openCheckpoint(signed, log, [witness]).signedBy).toEqual([log])
    const cosigned = cosignNote(signed, witness)
    expect(openCheckpoint(cosigned, log, [witness])).toEqual({
      ...checkpoint,
      signedBy: [log, witness],
    })
    expect(cosignNote(cosigned, witness)).toBe(cosigned)
  })

  test('does not pass as the log’s when only the witness has signed it', () => {
    const [text = ''] = signCheckpoint(checkpoint, log).split('\n\n')
    const byWitness = openNote(cosignNote(signCheckpoint(checkpoint, impostor), witness), [witness])
    expect(byWitness.text).toBe(`${text}\n`)
    const note = cosignNote(signCheckpoint(checkpoint, impostor), witness)
    expect(() => openCheckpoint(note, log, [witness])).toThrow(CheckpointError)
    expect(() => openCheckpoint(note, log)).toThrow(NoteError)
  })

  test('is signed under the name of its log only', () => {
    expect(() => signCheckpoint({ ...checkpoint, origin: 'example.com/other' }, log)).toThrow(
      CheckpointError,
    )
    const foreign = checkpointText({ ...checkpoint, origin: 'example.com/other' })
    expect(() => openCheckpoint(signNote(foreign, log), log)).toThrow(CheckpointError)
  })
})
