import { readFileSync } from 'node:fs'
import {
  leafHash,
  nodeHash,
  treeRootOf,
  verifyConsistency,
  verifyInclusion,
} from '../../src/domain/audit/merkle.ts'

const read = (name: string) => readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')
const hex = (text: string) => Buffer.from(text, 'hex')
const base64 = (text: string) => Buffer.from(text, 'base64')

interface Probe {
  readonly path: string
  readonly wantErr: boolean
  readonly proof: readonly string[] | null
  readonly leafIdx: bigint
  readonly treeSize: bigint
  readonly leafHash: string
  readonly root: string
  readonly size1: bigint
  readonly size2: bigint
  readonly root1: string
  readonly root2: string
}

/**
 * github.com/transparency-dev/merkle, testdata/inclusion and testdata/consistency (Apache-2.0), one probe a line. One
 * index is 2^64-1, which a number would round: whole numbers are read as they stand.
 */
function probesOf(text: string): readonly Probe[] {
  const whole = (_key: string, value: unknown) =>
    typeof value === 'string' && value.startsWith('#') ? BigInt(value.slice(1)) : value
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line.replace(/":(\d+)/g, '":"#$1"'), whole) as Probe)
}

describe('the Merkle tree of RFC 6962', () => {
  const tree = JSON.parse(read('rfc6962-tree.json')) as {
    leafInputsHex: string[]
    rootHashHexBySize: string[]
    nodeHashesHexByLevelFlat: string[]
  }
  const leaves = tree.leafInputsHex.map((leaf) => leafHash(hex(leaf)))

  test.each(tree.rootHashHexBySize.map((root, size) => ({ size, root })))(
    'has the published root of $size leaves',
    ({ size, root }) => {
      expect(Buffer.from(treeRootOf(leaves.slice(0, size))).toString('hex')).toBe(root)
    },
  )

  test('hashes leaves and nodes as published', () => {
    expect(leafHash(Buffer.from('L123456')).toString('hex')).toBe(
      '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
    )
    expect(nodeHash(Buffer.from('N123'), Buffer.from('N456')).toString('hex')).toBe(
      'aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb',
    )
    expect(leaves.map((leaf) => leaf.toString('hex'))).toEqual(
      tree.nodeHashesHexByLevelFlat.slice(0, 8),
    )
  })

  const probes = probesOf(read('merkle-probes.jsonl'))

  test('there are 98 probes of inclusion and 98 of consistency', () => {
    expect(probes.filter(({ path }) => path.startsWith('inclusion/'))).toHaveLength(98)
    expect(probes.filter(({ path }) => path.startsWith('consistency/'))).toHaveLength(98)
    expect(probes.filter(({ leafIdx }) => leafIdx === 2n ** 64n - 1n)).not.toHaveLength(0)
  })

  test.each(probes)('probe $path', (probe) => {
    const proof = (probe.proof ?? []).map(base64)
    const holds = probe.path.startsWith('inclusion/')
      ? verifyInclusion({
          index: probe.leafIdx,
          size: probe.treeSize,
          leafHash: base64(probe.leafHash),
          root: base64(probe.root),
          proof,
        })
      : verifyConsistency({
          oldSize: probe.size1,
          newSize: probe.size2,
          oldRoot: base64(probe.root1),
          newRoot: base64(probe.root2),
          proof,
        })
    expect(holds).toBe(!probe.wantErr)
  })
})
