import { parseCheckpoint } from '../../src/domain/audit/checkpoint.ts'
import {
  formatSignerKey,
  formatVerifierKey,
  type NoteError,
  openNote,
  parseSignerKey,
  parseVerifierKey,
  signNote,
} from '../../src/domain/audit/signed-note.ts'
import { formatTlogProof } from '../../src/domain/audit/tlog-proof.ts'

/** golang.org/x/mod sumdb/note, note_test.go (BSD-3-Clause); the private key is published there. */
const NEUMANN = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const NEUMANN_PRIVATE =
  'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const ROOT = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
const TEXT =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n"
const BY_NEUMANN =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
const BY_ROOT =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n'

/** C2SP signed-note and tlog-checkpoint (CC BY 4.0). */
const EXAMPLE = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const EXAMPLE_NOTE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'
const CHECKPOINT =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'

const fault = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return (error as NoteError).fault
  }
  return 'accepted'
}

describe('signed notes as published', () => {
  test('are signed byte for byte', () => {
    expect(signNote(TEXT, parseSignerKey(NEUMANN_PRIVATE))).toBe(`${TEXT}\n${BY_NEUMANN}`)
  })

  test('are opened by one key or two', () => {
    const [neumann, root] = [parseVerifierKey(NEUMANN), parseVerifierKey(ROOT)]
    const note = `${TEXT}\n${BY_NEUMANN}${BY_ROOT}`
    expect(openNote(note, [neumann, root])).toEqual({ text: TEXT, signedBy: [neumann, root] })
    expect(openNote(note, [root])).toEqual({ text: TEXT, signedBy: [root] })
    expect(openNote(Buffer.from(EXAMPLE_NOTE), [parseVerifierKey(EXAMPLE)]).text).toBe(
      'This is an example message.\n',
    )
  })

  test('keys are written as they were read', () => {
    for (const vkey of [NEUMANN, ROOT, EXAMPLE])
      expect(formatVerifierKey(parseVerifierKey(vkey))).toBe(vkey)
    expect(formatSignerKey(parseSignerKey(NEUMANN_PRIVATE))).toBe(NEUMANN_PRIVATE)
  })

  // x/mod TestNewVerifier
  test('every part of a key and every key with one byte changed is refused', () => {
    for (const [key, parse] of [
      [NEUMANN, parseVerifierKey],
      [NEUMANN_PRIVATE, parseSignerKey],
    ] as const) {
      for (let end = 0; end < key.length; end++)
        expect(fault(() => parse(key.slice(0, end)))).toBe('bad-key')
      for (let at = 0; at < key.length; at++) {
        const changed = String.fromCharCode(key.charCodeAt(at) + 1)
        expect(fault(() => parse(key.slice(0, at) + changed + key.slice(at + 1)))).toBe('bad-key')
      }
    }
  })

  test.each([
    'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
    'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  ])('the bad key %s is refused', (vkey) => {
    expect(fault(() => parseVerifierKey(vkey))).toBe('bad-key')
  })

  // x/mod TestOpen
  test.each<[string, string, string]>([
    ['', 'malformed', 'nothing'],
    [TEXT, 'malformed', 'no signature'],
    [`${TEXT}\n`, 'malformed', 'an empty line without a signature'],
    [`${TEXT}\n${BY_NEUMANN.trimEnd()}`, 'malformed', 'no newline at the end'],
    [`${TEXT}\n${BY_NEUMANN} `, 'malformed', 'something after the end'],
    [`${TEXT}\n${BY_NEUMANN.replace('—', '-')}`, 'malformed', 'a dash that is none'],
    [`${TEXT}\n${BY_NEUMANN.replace('—', '— ')}`, 'malformed', 'one blank too many'],
    [`${TEXT}\n${BY_NEUMANN.replace('x08g', 'x08!')}`, 'malformed', 'no base64'],
    [`${TEXT}\n${BY_NEUMANN.replace('AM=', 'AN=')}`, 'malformed', 'base64 with bits left over'],
    [`${TEXT}\n— PeterNeumann x08gow==\n`, 'malformed', 'an empty signature'],
    [`\u0001${TEXT}\n${BY_NEUMANN}`, 'malformed', 'a control character'],
    [`${TEXT}\r\n${BY_NEUMANN}`, 'malformed', 'a carriage return'],
    [`${TEXT}\n${BY_NEUMANN.repeat(101)}`, 'malformed', 'too many signatures'],
    [`${TEXT}\n${BY_ROOT}`, 'not-signed', 'another signature only'],
    [`${TEXT}\n${BY_NEUMANN.replace('PeterNeumann', 'Peter')}`, 'not-signed', 'another name'],
    [`x${TEXT}\n${BY_NEUMANN}`, 'bad-signature', 'another text'],
    [`${TEXT}\n\n${BY_NEUMANN}`, 'bad-signature', 'an empty line more in the text'],
    [`${TEXT}\n${BY_NEUMANN.replace('ZJku', 'ZJkv')}`, 'bad-signature', 'another signature'],
    [
      `${TEXT}\n${BY_ROOT}${BY_NEUMANN.replace('ZJku', 'ZJkv')}`,
      'bad-signature',
      'a bad signature beside a foreign one',
    ],
  ])('%j is %s: %s', (note, expected) => {
    expect(fault(() => openNote(note, [parseVerifierKey(NEUMANN)]))).toBe(expected)
  })

  test('bytes that are no UTF-8 are no note', () => {
    const bytes = Buffer.concat([Buffer.from([0xff]), Buffer.from(`${TEXT}\n${BY_NEUMANN}`)])
    expect(fault(() => openNote(bytes, [parseVerifierKey(NEUMANN)]))).toBe('malformed')
  })

  test('a checkpoint is three lines', () => {
    const { origin, size, root } = parseCheckpoint(CHECKPOINT)
    expect([origin, size, root.length]).toEqual(['example.com/behind-the-sofa', 20_852_163, 32])
  })

  test('a proof of one entry is written as published', () => {
    const hashes = [
      'gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=',
      'B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=',
    ]
    const checkpoint =
      'example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n'
    const proof = hashes.map((hash) => Buffer.from(hash, 'base64'))
    expect(formatTlogProof({ index: 73_894, proof, checkpoint })).toBe(
      `c2sp.org/tlog-proof@v1\nindex 73894\n${hashes.join('\n')}\n\n${checkpoint}`,
    )
  })
})
