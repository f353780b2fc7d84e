import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileWitnessMemory } from '../../src/outbound/keys/file-witness-memory.ts'

const dir = mkdtempSync(join(tmpdir(), 'witness-'))
afterAll(() => rmSync(dir, { recursive: true }))

describe('the memory of a witness', () => {
  test('is empty at first, and then holds what was saved last, for the next process too', async () => {
    const path = join(dir, 'state')
    const memory = new FileWitnessMemory(path)
    await memory.alone(async (open) => {
      expect(await open.last()).toBeNull()
      await open.save('first\n')
      await open.save('second\n')
      // Before `save` has resolved nobody may be told of it; after it, a power cut may not undo it.
      expect(readFileSync(path, 'utf8')).toBe('second\n')
    })
    expect(await new FileWitnessMemory(path).alone((open) => open.last())).toBe('second\n')
  })

  test('is used by one at a time', async () => {
    const path = join(dir, 'shared')
    const count = async () =>
      await new FileWitnessMemory(path).alone(async (open) => {
        const before = Number(await open.last())
        await open.save(String(before + 1))
      })
    await Promise.all([count(), count(), count(), count()])
    expect(readFileSync(path, 'utf8')).toBe('4')
  })
})
