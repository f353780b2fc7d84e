import { posix } from 'node:path'
import { carriedFiles } from '../src/carried-files.ts'

describe('what travels with an export', () => {
  test('is a verifier in Go, and one in JavaScript that imports nothing but Node and what travels with it', async () => {
    const files = new Map(
      (await carriedFiles()).map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]),
    )
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['README.txt', 'verify/main.go', 'verify/verify.mjs']),
    )
    const modules = [...files].filter(([path]) => /\.(ts|js)$/.test(path))
    expect(modules.length).toBeGreaterThan(10)
    for (const [path, text] of modules)
      for (const [, target = ''] of text.matchAll(/^(?:import|export) [^;]*?from ["']([^"']+)/gm)) {
        const there = files.has(posix.join(posix.dirname(path), target))
        expect({ path, target, ok: there || target.startsWith('node:') }).toMatchObject({
          ok: true,
        })
      }
  })
})
