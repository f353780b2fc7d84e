import { openCheckpoint } from '../../../src/domain/audit/checkpoint.ts'
import {
  formatSignerKey,
  formatVerifierKey,
  parseSignerKey,
  parseVerifierKey,
  signerKey,
} from '../../../src/domain/audit/signed-note.ts'
import { consistencyProof } from '../../../src/domain/audit/tree-proofs.ts'
import {
  LogUnreachableError,
  type OpenWitnessMemory,
  type WitnessedLog,
  type WitnessMemory,
} from '../../../src/domain/audit/witness.ts'
import { makeWitnessKeys, witnessLog } from '../../../src/gateway/attest/witness.ts'
import { Refusal } from '../../../src/kernel/refusal.ts'
import { randomness } from '../../clock-and-randomness.ts'
import { entryBytes, logKey, SmallLog, witnessKey } from './exported-log.ts'

const keys = { log: formatVerifierKey(logKey), witness: formatSignerKey(witnessKey) }
const honest = SmallLog.of(100)
const rewritten = new SmallLog(
  honest.entries.map((entry, index) => (index === 10 ? entryBytes(99_999) : entry)),
)

/** A log as its operator publishes it: honestly, or another one from some moment on. */
class Published implements WitnessedLog {
  log = honest
  size: number
  note: string | null = null
  readonly submitted: string[] = []
  readonly #told: string[]

  constructor(size: number, told: string[] = []) {
    this.size = size
    this.#told = told
  }

  becomes(log: SmallLog, size: number): void {
    this.log = log
    this.size = size
  }

  async checkpoint(): Promise<string> {
    return this.note ?? (await this.log.checkpoint(this.size, null))
  }

  async consistency(from: number, to: number): Promise<readonly Uint8Array[]> {
    return await consistencyProof(from, to, this.log)
  }

  async submit(note: string): Promise<void> {
    this.#told.push('submitted')
    this.submitted.push(note)
  }
}

class Memory implements WitnessMemory, OpenWitnessMemory {
  note: string | null = null
  readonly #told: string[]

  constructor(told: string[] = []) {
    this.#told = told
  }

  async alone<T>(work: (memory: OpenWitnessMemory) => Promise<T>): Promise<T> {
    return await work(this)
  }

  async last(): Promise<string | null> {
    return this.note
  }

  async save(note: string): Promise<void> {
    this.#told.push('saved')
    this.note = note
  }
}

/** A witness that has signed the log when it had 40 entries. */
async function witnessed(): Promise<{ log: Published; memory: Memory }> {
  const log = new Published(40)
  const memory = new Memory()
  await witnessLog(log, memory, keys)
  return { log, memory }
}

describe('a witness', () => {
  test('takes the first checkpoint on trust, signs it, and keeps it before it hands it over', async () => {
    const told: string[] = []
    const log = new Published(40, told)
    const memory = new Memory(told)
    expect(await witnessLog(log, memory, keys)).toEqual({
      kind: 'signed',
      origin: 'example.com/trail',
      size: 40,
      before: null,
    })
    expect(told).toEqual(['saved', 'submitted'])
    expect(log.submitted).toEqual([memory.note])
    const known = parseVerifierKey(formatVerifierKey(witnessKey))
    const { signedBy } = openCheckpoint(memory.note as string, logKey, [known])
    expect(signedBy).toContain(known)
  })

  test.each([40, 41, 64, 100])('signs %i entries after 40', async (size) => {
    const { log, memory } = await witnessed()
    log.size = size
    const outcome = await witnessLog(log, memory, keys)
    expect(outcome).toMatchObject({ kind: 'signed', size, before: 40 })
  })

  test.each([
    ['fewer entries than before', (log: Published) => log.becomes(honest, 39)],
    ['as many entries, but others', (log: Published) => log.becomes(rewritten, 40)],
    ['more entries that begin otherwise', (log: Published) => log.becomes(rewritten, 100)],
    [
      'more entries and a proof of other ones',
      (log: Published) => {
        log.size = 100
        log.consistency = async (from) => await consistencyProof(from, 99, honest)
      },
    ],
  ])('raises an alarm for %s, and signs nothing', async (_what, change) => {
    const { log, memory } = await witnessed()
    const held = memory.note
    change(log)
    const outcome = await witnessLog(log, memory, keys)
    expect(outcome).toMatchObject({ kind: 'alarm', held, offered: await log.checkpoint() })
    expect(memory.note).toBe(held)
    expect(log.submitted).toEqual([held])
  })

  test('raises no alarm for what the log has not signed: anybody could have made it up', async () => {
    const { log, memory } = await witnessed()
    const held = memory.note
    for (const note of ['<html></html>', 'a\n1\nb\n\n— a b\n']) {
      log.note = note
      expect(await witnessLog(log, memory, keys)).toMatchObject({ kind: 'unreachable' })
    }
    expect(memory.note).toBe(held)
  })

  test('remembers what it signed although handing it over failed', async () => {
    const { log, memory } = await witnessed()
    log.size = 50
    const submit = log.submit.bind(log)
    log.submit = () => Promise.reject(new LogUnreachableError('gone'))
    expect(await witnessLog(log, memory, keys)).toMatchObject({ kind: 'unreachable' })
    log.submit = submit
    log.size = 49
    expect(await witnessLog(log, memory, keys)).toMatchObject({ kind: 'alarm' })
  })

  test('refuses keys that are none, and a state that is not its own', async () => {
    const { log, memory } = await witnessed()
    const other = formatSignerKey(signerKey('example.com/other', Buffer.alloc(32, 5)))
    const foreign = formatVerifierKey(signerKey('example.com/log', Buffer.alloc(32, 6)))
    for (const wrong of [
      { ...keys, log: 'none' },
      { ...keys, witness: keys.log },
      { ...keys, witness: other },
      { ...keys, log: foreign },
    ])
      await expect(witnessLog(log, memory, wrong)).rejects.toThrow(Refusal)
  })

  test('has keys of its own making', () => {
    const made = makeWitnessKeys('example.com/compliance', randomness)
    const { name, id } = parseSignerKey(made.private)
    expect(parseVerifierKey(made.public)).toMatchObject({ name, id })
    expect(() => makeWitnessKeys('two words', randomness)).toThrow(Refusal)
  })
})
