import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { openCheckpoint } from '../../src/domain/audit/checkpoint.ts'
import type { CheckpointSigner, LastSigned } from '../../src/domain/audit/checkpoint-signer.ts'
import { treeRootOf, verifyConsistency } from '../../src/domain/audit/merkle.ts'
import { TILE_WIDTH, type TileReader } from '../../src/domain/audit/tiles.ts'
import { consistencyProof } from '../../src/domain/audit/tree-proofs.ts'

/** A small log in memory: its leaves are named after it, from where it parts from the log `base`. */
export function history(name: string, base: readonly Uint8Array[] = [], leaves = 200) {
  const hashes = Array.from(
    { length: leaves },
    (_, n) => base[n] ?? createHash('sha256').update(`${name} ${n}`).digest(),
  )
  const reader: TileReader = {
    read: async (tiles) =>
      tiles.map(({ index }) =>
        Buffer.concat(hashes.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH)),
      ),
  }
  return {
    hashes,
    at: (size: number) => ({ size, root: treeRootOf(hashes.slice(0, size)) }),
    proofTo: (size: number) => async (from: number) => await consistencyProof(from, size, reader),
  }
}
export type History = ReturnType<typeof history>

export const signAt = async (signer: CheckpointSigner, of: History, size: number) =>
  await signer.sign(of.at(size), of.proofTo(size))

/** @param fresh a new log, as one gateway after the other opens it. */
export function checkpointSignerContract(
  adapter: string,
  fresh: () => () => Promise<CheckpointSigner>,
): void {
  describe(`the signer in ${adapter}`, () => {
    let open: () => Promise<CheckpointSigner>
    let signer: CheckpointSigner
    const one = history('one')
    const other = history('other', one.hashes.slice(0, 50))
    beforeEach(async () => {
      open = fresh()
      signer = await open()
    })

    test('begins with the empty tree', async () => {
      const last = await signer.last()
      expect(last).toMatchObject({ epoch: 1, size: 0, root: treeRootOf([]) })
      const [key] = await signer.keys()
      expect(openCheckpoint(last.note, key as never).size).toBe(0)
    })

    test('signs what extends the last one, and says the same again when asked again', async () => {
      const signed: LastSigned[] = []
      for (const size of [1, 2, 64, 65, 200]) signed.push(await signAt(signer, one, size))
      const [key] = await signer.keys()
      for (const { note, size, root, origin } of signed) {
        expect(openCheckpoint(note, key as never)).toMatchObject({ size, root, origin })
        expect(root).toEqual(one.at(size).root)
      }
      expect(await signAt(signer, one, 200)).toEqual(signed.at(-1))
      expect(await signer.last()).toEqual(signed.at(-1))
    })

    test('remembers over restarts, for all gateways', async () => {
      const beside = await open()
      await signAt(signer, one, 100)
      expect((await beside.last()).size).toBe(100)
      await signAt(beside, one, 120)
      expect((await signer.last()).size).toBe(120)
      const restarted = await open()
      expect(await restarted.last()).toEqual(await signer.last())
      expect(await restarted.keys()).toEqual(await signer.keys())
      await expect(signAt(restarted, one, 119)).rejects.toMatchObject({ inconsistency: 'shrunk' })
    })

    test('refuses a tree that is smaller, or other, or comes with another proof', async () => {
      await signAt(signer, one, 100)
      await expect(signAt(signer, one, 99)).rejects.toMatchObject({ inconsistency: 'shrunk' })
      await expect(signAt(signer, other, 100)).rejects.toMatchObject({ inconsistency: 'diverged' })
      await expect(signAt(signer, other, 130)).rejects.toMatchObject({ inconsistency: 'diverged' })
      for (const proof of [async () => [], one.proofTo(129), other.proofTo(130)])
        await expect(signer.sign(one.at(130), proof)).rejects.toMatchObject({
          inconsistency: 'diverged',
        })
      expect((await signer.last()).size).toBe(100)
      expect((await signAt(signer, one, 130)).size).toBe(130)
    })

    test('signs one history, whatever it is shown, in whatever order, by several gateways', async () => {
      const attempt = fc.record({
        of: fc.constantFrom(one, other),
        size: fc.integer({ min: 0, max: 200 }),
        by: fc.constantFrom(0, 1),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(attempt, { maxLength: 12 }), async (attempts) => {
          const reopen = fresh()
          const gateways = [await reopen(), await reopen()] as const
          const outcomes = await Promise.allSettled(
            attempts.map(async ({ of, size, by }) => await signAt(gateways[by], of, size)),
          )
          const signed = outcomes
            .flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
            .sort((a, b) => a.size - b.size)
          const whole = [one, other].find((of) =>
            signed.every(({ size, root }) => Buffer.compare(of.at(size).root, root) === 0),
          )
          expect(whole).toBeDefined()
          for (const [at, next] of signed.entries()) {
            const before = signed[at - 1]
            if (!before || before.size === 0 || !whole) continue
            expect(
              verifyConsistency({
                oldSize: before.size,
                newSize: next.size,
                oldRoot: before.root,
                newRoot: next.root,
                proof: await whole.proofTo(next.size)(before.size),
              }),
            ).toBe(true)
          }
        }),
        { numRuns: 15 },
      )
    })

    test('begins another log with another key and name when a fork is accepted', async () => {
      const before = await signAt(signer, one, 100)
      const forked = await signer.fork()
      expect(forked).toMatchObject({ epoch: 2, size: 0, origin: `${before.origin}/2` })
      const after = await signAt(await open(), other, 60)
      expect(after).toMatchObject({ epoch: 2, size: 60, origin: forked.origin })
      const [key, old] = await signer.keys()
      expect(openCheckpoint(after.note, key as never).size).toBe(60)
      expect(openCheckpoint(before.note, old as never).size).toBe(100)
      expect(() => openCheckpoint(after.note, old as never)).toThrow()
      expect((await signer.fork()).origin).toBe(`${before.origin}/3`)
      expect(await signer.keys()).toHaveLength(3)
    })
  })
}
