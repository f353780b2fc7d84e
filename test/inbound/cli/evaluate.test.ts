import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Command } from 'commander'
import { registerEvaluate } from '../../../src/inbound/cli/evaluate.ts'

describe('bauta evaluate recommender', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bauta-evaluate-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  const evaluate = async (...args: string[]) => {
    const printed: string[] = []
    const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
    registerEvaluate(program, folder, (text) => printed.push(text))
    await program.parseAsync(['node', 'bauta', 'evaluate', 'recommender', ...args])
    return printed.join('\n')
  }
  const put = async (name: string, text: string) =>
    await writeFile(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text)

  /** Two tastes of ten items; everybody met nine of theirs, in an order of their own. */
  const pairs = Array.from({ length: 40 }, (_, user) =>
    Array.from({ length: 9 }, (_, n) => [`u${user}`, `${user % 2 ? 'a' : 'b'}${(user + n) % 10}`]),
  ).flat()
  const text = (delimiter: string) => pairs.map((pair) => pair.join(delimiter)).join('\n')

  test('cuts, draws and measures: tastes are found where popularity is blind', async () => {
    await put('pairs.tsv', text('\t'))
    // Among the first two, because nobody met the tenth item of their taste either.
    const figures = JSON.parse(await evaluate('--pairs', 'pairs.tsv', '--k', '2', '--json'))
    expect(figures).toMatchObject({ people: 40, items: 20, tested: 40, k: 2 })
    const { popularity, 'item-to-item': itemToItem } = figures.quality
    expect(itemToItem.hitRate).toBeGreaterThan(0.9)
    expect(popularity.hitRate).toBeLessThan(0.5)
    const ratio = popularity.hitRate === 0 ? null : itemToItem.hitRate / popularity.hitRate
    expect(figures.ratio).toBe(ratio)
  })

  test('reads the same from packed files, CSV, and below a header', async () => {
    await put('pairs.tsv', text('\t'))
    await put('pairs.csv', `userId,itemId\n${text(',')}\n`)
    await put('pairs.tsv.gz', text('\t'))
    const quality = async (name: string) =>
      JSON.parse(await evaluate('--pairs', name, '--json')).quality
    const expected = await quality('pairs.tsv')
    expect(await quality('pairs.csv')).toEqual(expected)
    expect(await quality('pairs.tsv.gz')).toEqual(expected)
  })

  test('takes a test and negatives as given, without drawing', async () => {
    await put('pairs.tsv', text('\t'))
    await put('test.tsv', 'u0\tb9\t5\t978300760\nu1\ta0\n')
    await put('negatives.tsv', '(u0,b9)\ta1\ta2\nu1\tb1\ta0\n')
    const given = [
      '--pairs',
      'pairs.tsv',
      '--test',
      'test.tsv',
      '--negatives',
      'negatives.tsv',
      '--k',
      '1',
    ]
    const figures = JSON.parse(await evaluate(...given, '--json'))
    expect(figures.tested).toBe(2)
    expect(figures.quality['item-to-item'].hitRate).toBe(1)
    expect(await evaluate(...given)).toMatch(/│ item-to-item │ 1\.0000 │ 1\.0000/)
  })

  test('says which file and row is wrong', async () => {
    await put('pairs.tsv', 'u0\ta\nu1\n')
    await expect(evaluate('--pairs', 'pairs.tsv')).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'pairs.tsv: row 2 has no person and item.',
    })
    await expect(evaluate('--pairs', 'absent.tsv')).rejects.toThrow('absent.tsv')
    await put('damaged.tsv.gz', '')
    await writeFile(join(folder, 'damaged.tsv.gz'), 'no gzip')
    await expect(evaluate('--pairs', 'damaged.tsv.gz')).rejects.toThrow('damaged.tsv.gz')
    await put('lonely.tsv', 'u0\ta\nu1\tb\n')
    await expect(evaluate('--pairs', 'lonely.tsv')).rejects.toThrow('Nobody to test')
    await expect(evaluate('--pairs', 'lonely.tsv', '--k', '0')).rejects.toThrow('above 0')
  })

  test('misses no person of the test in the negatives silently', async () => {
    await put('pairs.tsv', text('\t'))
    await put('test.tsv', 'u0\tb9\nu1\ta0\n')
    await put('negatives.tsv', 'u0\ta1\n')
    await expect(
      evaluate('--pairs', 'pairs.tsv', '--test', 'test.tsv', '--negatives', 'negatives.tsv'),
    ).rejects.toThrow('misses a person')
  })
})
