import { createHash } from 'node:crypto'
import { inScratchDatabase } from './scratch-database.mjs'

const source = (path) => import(new URL(`../dist/src/${path}.js`, import.meta.url).href)

/** As many as the sequencer integrates in one transaction. */
const STEP = 4_096
const SAMPLES = 200

/**
 * The tree over the trail in a scratch database of its own, made of hashes only: tiles read for an append and for proofs,
 * counted. O(log n) means here: at most one tile for each 8 bits of the size to append, two for a proof.
 */
export async function tree({ databaseUrl, entries }) {
  return await inScratchDatabase(databaseUrl, 'tree', async ({ database }) => {
    const { PostgresAuditTree } = await source('outbound/postgres/audit-tree')
    const counted = counting(new PostgresAuditTree(database))
    const grown = await growing(counted, entries)
    const proofs = await proving(counted, entries)
    const rows = { append: grown.last, ...proofs }
    console.table(rows)
    const levels = Math.ceil(Math.log2(entries) / 8)
    const bounds = { append: levels, inclusion: 2 * levels, consistency: 2 * levels }
    const met = Object.entries(bounds).every(([what, most]) => rows[what].tiles <= most)
    console.log(
      `${met ? 'met   ' : 'missed'} at ${entries} entries an append reads at most ${rows.append.tiles} tiles (target ${bounds.append}), a proof ${Math.max(rows.inclusion.tiles, rows.consistency.tiles)} (target ${bounds.inclusion})`,
    )
    return { entriesPerSecond: grown.perSecond, reads: rows, bounds, met }
  })
}

/** The tree with a tally of the tiles that were read since it was last asked. */
function counting(of) {
  let tiles = 0
  const read = (reader) => async (addresses) => {
    tiles += addresses.length
    return await reader.read(addresses)
  }
  return {
    read: read(of),
    growAlone: async (work) =>
      await of.growAlone(true, (growing) => work({ ...growing, read: read(growing) })),
    take: () => {
      const taken = tiles
      tiles = 0
      return taken
    },
  }
}

/** Appends all entries in steps as the sequencer does, but for the signature. */
async function growing(tree, entries) {
  const { grow, readRightEdge } = await source('domain/audit/tree-growth')
  const last = []
  const began = performance.now()
  for (let size = 0; size < entries; size += STEP) {
    const hashes = Array.from({ length: Math.min(STEP, entries - size) }, (_, at) =>
      hashOf(size + at),
    )
    const stepBegan = performance.now()
    await tree.growAlone(async (growing) => {
      const { tiles, edge } = grow(await readRightEdge(size, growing), hashes)
      await growing.store(tiles, edge.size)
    })
    last.push({ tiles: tree.take(), milliseconds: performance.now() - stepBegan })
    if (size % (STEP * 256) === 0) console.log(`${size} of ${entries} entries`)
  }
  const seconds = (performance.now() - began) / 1000
  return { perSecond: Math.round(entries / seconds), last: summary(last.slice(-SAMPLES)) }
}

async function proving(tree, entries) {
  const { inclusionProof, consistencyProof } = await source('domain/audit/tree-proofs')
  const any = (below, sample) => Number(hashOf(-sample - 1).readBigUInt64BE() % BigInt(below))
  const sampled = async (prove) => {
    const samples = []
    for (let sample = 0; sample < SAMPLES; sample++) {
      const began = performance.now()
      const { length } = await prove(sample)
      samples.push({ tiles: tree.take(), milliseconds: performance.now() - began, length })
    }
    return { ...summary(samples), hashes: Math.max(...samples.map(({ length }) => length)) }
  }
  return {
    inclusion: await sampled((sample) => inclusionProof(any(entries, sample), entries, tree)),
    consistency: await sampled((sample) =>
      consistencyProof(1 + any(entries, sample), entries, tree),
    ),
  }
}

function summary(samples) {
  const times = samples.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
  return {
    tiles: Math.max(...samples.map(({ tiles }) => tiles)),
    p50: Math.round(10 * times[Math.floor(times.length / 2)]) / 10,
    p99: Math.round(10 * times[Math.floor(times.length * 0.99)]) / 10,
  }
}

const hashOf = (n) => createHash('sha256').update(`entry ${n}`).digest()
