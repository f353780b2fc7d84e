import { Pseudonyms } from '../../src/domain/privacy/pseudonym.ts'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { epochsIn } from '../epochs-in-answers.ts'
import { follow } from '../follow.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'

/** Answers and streams while the epoch of their ids changes. Each test has an audience of its own. */
let running: RunningGateway
let people: readonly SubjectId[]

beforeAll(async () => {
  running = await RunningGateway.start({}, 'policy')
  people = await running.take(
    'crm',
    Array.from({ length: 6 }, (_, n) => ({
      type: 'profile' as const,
      recordKey: `p${n}`,
      identifiers: given({ userId: `u${n}` }),
      traits: { plan: 'pro', customerSince: `2020-01-0${n + 1}` },
    })),
  )
  await running.take(
    'crm',
    people.map((_, n) => ({
      type: 'consent' as const,
      identifiers: given({ userId: `u${n}` }),
      purpose: 'MARKETING',
      state: 'ConsentGiven' as const,
    })),
  )
})
afterAll(async () => await running.stop(), 120_000)
afterEach(() => void jest.restoreAllMocks())

type Caller = As & { readonly id: string }
async function staff(id: string): Promise<Caller> {
  return { id, token: await running.client({ id, roles: ['support'] }), purpose: 'SERVICE' }
}
const DAY = 86_400_000
const passing = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms))
/** A new epoch that begins now. */
async function rotate(audience: string, overlap = DAY): Promise<void> {
  const at = Date.now()
  await running.gateway.stores.keys.rotatePseudonyms({ audience, at, until: at + overlap })
}

describe('an answer, while the epoch changes with every look at the keys', () => {
  /** The key store of a rotation that begins between any two calls. */
  function flip(): void {
    let looks = 0
    jest.spyOn(running.gateway.stores.keys, 'epochsOf').mockImplementation(() => {
      looks += 1
      return { current: 2 + (looks % 2), since: 0, previous: { epoch: 1 + (looks % 2), until: 1 } }
    })
  }

  /** What the gateway must not do: ask for the epoch with every id that it makes. */
  function askPerField(): void {
    const { audiences } = running.gateway
    const real = audiences.of.bind(audiences)
    const perField = (audience: string) => ({
      audience,
      epoch: real(audience).epoch,
      previous: real(audience).previous,
      of: (subject: SubjectId) => real(audience).of(subject),
      open: (id: string) => real(audience).open(id),
      openOwn: (id: string) => real(audience).openOwn(id),
    })
    jest
      .spyOn(audiences, 'of')
      .mockImplementation((audience) => perField(audience) as unknown as Pseudonyms)
  }

  /** Epochs in each of some answers: of lists, look-ups, consents, and of one query with all of them. */
  async function epochs(caller: Caller): Promise<readonly (readonly number[])[]> {
    // Of the epoch that every flip accepts.
    const keys = running.gateway.stores.keys.installationKey('pseudonym')
    const ids = people.map((one) => new Pseudonyms(keys, caller.id, 2).of(one))
    const list = 'searchProfiles(first: 6) { edges { node { id } } }'
    const named = 'profiles(ids: $ids) { id }'
    const fields = [list, named, `${named} ${list} again: ${list}`]
    const answers: number[][] = []
    for (const field of fields) {
      const uses = field.includes('$ids') ? 'query ($ids: [ID!]!)' : ''
      const { codes, body } = await running.ask(caller, `${uses} { ${field} }`, { ids })
      expect(codes).toEqual([])
      answers.push(epochsIn(body))
    }
    return answers
  }

  test('holds ids of one epoch alone', async () => {
    const caller = await staff('flipping')
    flip()
    const answers = await epochs(caller)
    expect(answers.map(({ length }) => length)).toEqual([6, 6, 18])
    for (const one of answers) expect(new Set(one).size).toBe(1)
  })

  test('would be found to hold two, if the gateway asked for each id', async () => {
    const caller = await staff('mutant')
    askPerField()
    flip()
    for (const one of await epochs(caller)) expect(new Set(one)).toEqual(new Set([2, 3]))
  })
})

describe('a stream that was opened in the epoch before', () => {
  let close = () => {}
  // Also after a test that failed: a server waits for its streams.
  afterEach(() => close())
  const [NOTHING, ANYTHING] = [800, 5_000]
  const change = async (n: number, traits: Record<string, string>) =>
    await running.take('crm', [
      { type: 'profile', recordKey: `p${n}`, identifiers: given({ userId: `u${n}` }), traits },
    ])
  async function opened(name: string, n: number) {
    const support = await staff(name)
    const subject = people[n] ?? ''
    const id = running.pseudonym(support.id, subject)
    const query = `subscription { profileChanged(id: "${id}") { profile { id account { plan } } } }`
    const stream = follow(running.origin, support, query)
    close = stream.close
    await passing(NOTHING)
    const told = async (count: number) => {
      for (let waited = 0; waited < ANYTHING && stream.events.length < count; waited += 50)
        await passing(50)
      return stream.events.map(({ data }) => data)
    }
    const shown = (plan: string) => ({
      profileChanged: {
        profile: { id: running.pseudonym(support.id, subject), account: { plan } },
      },
    })
    return { ...stream, support, id, told, shown }
  }

  test('is not told that something changed because its ids did', async () => {
    const { support, events, told, shown } = await opened('support', 1)
    await rotate(support.id)
    // Nothing that the stream shows.
    await change(1, { plan: 'pro', customerSince: '2021-05-05' })
    await passing(1_500)
    expect(events).toEqual([])
    await change(1, { plan: 'team' })
    expect(await told(1)).toEqual([shown('team')])
  })

  test('is told the first change of the new one', async () => {
    const { support, told, shown } = await opened('support-first', 2)
    await rotate(support.id)
    await change(2, { plan: 'team' })
    expect(await told(1)).toEqual([shown('team')])
  })

  test('goes on after the deadline with the ids of the new one, while the old id opens nothing', async () => {
    const { support, id, told, shown } = await opened('support-late', 3)
    await rotate(support.id, 1)
    await passing(5)
    expect((await running.ask(support, `{ profile(id: "${id}") { id } }`)).data.profile).toBeNull()
    const entries = await running.entriesOf(async () => {
      await change(3, { plan: 'team' })
      expect(await told(1)).toEqual([shown('team')])
      expect(JSON.stringify(await told(1))).toContain('"p2')
    })
    // The entry names the person; what the caller once called them by is not kept beside it.
    const disclosed = entries.filter(({ audience }) => audience === support.id)
    expect(disclosed.map(({ subjects, args }) => [subjects.length, args])).toEqual([[1, undefined]])
    await change(3, { plan: 'basic' })
    expect(await told(2)).toEqual([shown('team'), shown('basic')])
  })
})
