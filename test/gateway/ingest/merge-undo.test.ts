import fc from 'fast-check'
import { resolveTraits } from '../../../src/domain/profiles/survivorship.ts'
import { type FreshDatabase, freshEmbedded } from '../../contracts/fresh-database.ts'
import { event, IngestHouse, profile } from './ingest-house.ts'

type Source = 'crm' | 'identity' | 'analytics'
interface Row {
  readonly kind: 'profile' | 'event'
  readonly key: string
  readonly ids: readonly string[]
  readonly plan: string
}
type Step = { readonly source: Source; readonly rows: readonly Row[] } | { readonly undo: number }

const IDS = ['crmId', 'userId', 'email', 'anonymousId'].flatMap((kind) => [
  `${kind}:1`,
  `${kind}:2`,
])
const row: fc.Arbitrary<Row> = fc.record({
  kind: fc.constantFrom('profile', 'event'),
  key: fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5'),
  ids: fc.uniqueArray(fc.constantFrom(...IDS), { minLength: 1, maxLength: 3 }),
  plan: fc.constantFrom('free', 'pro', 'team'),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      source: fc.constantFrom<Source[]>('crm', 'identity', 'analytics'),
      rows: fc.array(row, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ undo: fc.nat({ max: 5 }) }) },
)

interface Told extends Row {
  readonly batch: number
  readonly source: Source
  /** Identifiers as they are filed: all of a verified row, the first of another. */
  readonly filed: readonly string[]
}

/** What must be known after all that: the rows that stand, and nothing that was taken back. */
class Model {
  /** Everything accepted and not taken back: identities come from all of it. */
  told: Told[] = []

  take(batch: number, source: Source, rows: readonly Row[]): void {
    for (const one of rows) {
      const entry = { ...one, batch, source, filed: filedOf(source, one.ids) }
      if (!this.#isDuplicate(entry)) this.told.push(entry)
    }
  }

  undo(batch: number): void {
    this.told = this.told.filter((one) => one.batch !== batch)
  }

  /** Versions of a record that nothing newer has replaced, of all batches. */
  standing(): Told[] {
    const latest = new Map<string, Told>()
    for (const one of this.told)
      if (one.kind === 'profile') latest.set(`${one.source} ${one.key}`, one)
    return [...latest.values()]
  }

  people(): Set<string>[] {
    const people: Set<string>[] = []
    for (const { filed } of this.told) {
      const person = new Set(filed)
      for (const other of people.filter((one) => filed.some((id) => one.has(id)))) {
        for (const id of other) person.add(id)
        people.splice(people.indexOf(other), 1)
      }
      people.push(person)
    }
    return people
  }

  #isDuplicate(entry: Told): boolean {
    if (entry.kind === 'event')
      return this.told.some(
        (one) => one.kind === 'event' && one.source === entry.source && one.key === entry.key,
      )
    const standing = this.standing().find(
      (one) => one.source === entry.source && one.key === entry.key,
    )
    return standing !== undefined && standing.plan === entry.plan && same(standing.ids, entry.ids)
  }
}

const same = (one: readonly string[], other: readonly string[]) =>
  [...one].sort().join() === [...other].sort().join()
const isDevice = (id: string) => id.startsWith('anonymousId')

function filedOf(source: Source, ids: readonly string[]): string[] {
  if (source !== 'analytics') return [...ids]
  const strength = ['userId', 'crmId', 'email']
  const [first = ''] = [...ids].sort(
    (a, b) =>
      Number(isDevice(b)) - Number(isDevice(a)) ||
      strength.indexOf(a.split(':')[0] ?? '') - strength.indexOf(b.split(':')[0] ?? ''),
  )
  return [isDevice(first) ? first : `unverified:${first}`]
}

describe('merging and taking back', () => {
  let database: FreshDatabase
  let house: IngestHouse
  beforeAll(async () => {
    database = await freshEmbedded()
    house = await IngestHouse.over(database)
  })
  afterAll(() => database.drop())

  let run = 0
  test('leave, after any sequence, what the batches that stand say, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (steps) => {
        const space = `r${++run}`
        const model = await play(house, space, steps)
        await expectAsModelled(house, space, model)
      }),
      { numRuns: 25 },
    )
  })
})

async function play(house: IngestHouse, space: string, steps: readonly Step[]): Promise<Model> {
  const model = new Model()
  const batches: string[] = []
  const undone = new Set<number>()
  for (const one of steps) {
    if ('undo' in one) {
      const number = one.undo
      const id = batches[number]
      if (id === undefined || undone.has(number)) continue
      undone.add(number)
      await house.ingest.undo(id)
      model.undo(number)
    } else {
      const { batch } = await house.take(
        one.source,
        one.rows.map((given) => inputOf(space, given)),
      )
      model.take(batches.push(batch.id) - 1, one.source, one.rows)
    }
  }
  return model
}

function inputOf(space: string, { kind, key, ids, plan }: Row) {
  const identifiers = ids.map((id) => {
    const [name = '', n = ''] = id.split(':')
    return { kind: name, value: nameIn(space, name, n) }
  })
  const input =
    kind === 'event'
      ? event(`${space}-${key}`, {}, 'Seen')
      : profile(`${space}-${key}`, {}, { plan }, { observedAt: observedOf(key) })
  return { ...input, identifiers }
}

/** Of its key alone, so that no two records of a source are equally new and the same row told twice is the same. */
function observedOf(key: string): number {
  return Date.UTC(2025, 0, Number(key.slice(1)))
}

function nameIn(space: string, kind: string, n: string): string {
  return kind === 'email' ? `${space}-${n}@example.com` : `${space}-${n}`
}

async function expectAsModelled(house: IngestHouse, space: string, model: Model): Promise<void> {
  const people = model.people()
  const roots = new Set<string>()
  for (const person of people) {
    const expected = expectedRow(house, model, person)
    const rows = await Promise.all([...person].map((id) => house.rowOf(...identifierOf(space, id))))
    for (const row of rows)
      expect({
        plan: row?.account.plan,
        counts: row?.activity.eventCounts ?? {},
        kind: row?.kind,
      }).toEqual(expected)
    const own = new Set(rows.map((row) => row?.subject_id ?? ''))
    expect(own.size).toBe(1)
    for (const root of own) roots.add(root)
  }
  expect(roots.size).toBe(people.length)
  const known = new Set(people.flatMap((person) => [...person]))
  for (const id of [...IDS, ...IDS.map((one) => `unverified:${one}`)])
    if (!known.has(id))
      expect([id, await house.rowOf(...identifierOf(space, id))]).toEqual([id, null])
}

function expectedRow(house: IngestHouse, model: Model, person: ReadonlySet<string>) {
  const isTheirs = ({ filed }: Told) => filed.some((id) => person.has(id))
  const records = model.standing().filter(isTheirs)
  const seen = model.told.filter((one) => one.kind === 'event' && isTheirs(one))
  const said = records.map(({ source, key, batch, plan }) => ({
    source,
    recordKey: key,
    observedAt: observedOf(key),
    receivedAt: batch,
    traits: { plan },
  }))
  const vouchedFor = [...person].some((id) => !isDevice(id) && !id.startsWith('unverified:'))
  return {
    plan: resolveTraits(said, house.policy).get('plan')?.value,
    counts: seen.length > 0 ? { Seen: seen.length } : {},
    kind: vouchedFor ? 'person' : 'visitor',
  }
}

function identifierOf(space: string, filed: string): Parameters<IngestHouse['rowOf']> {
  const parts = filed.split(':')
  const n = parts.at(-1) ?? ''
  const kind = (parts.at(-2) ?? '') as 'crmId' | 'userId' | 'email' | 'anonymousId'
  const identifier = { kind, value: nameIn(space, kind, n) }
  return parts.length > 2 ? [identifier, `unverified:${kind}`] : [identifier, kind]
}
