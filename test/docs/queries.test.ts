import { readdirSync, readFileSync } from 'node:fs'
import { SmallDemo } from './small-demo.ts'

const FOLDER = 'docs/queries'
const readme = readFileSync('README.md', 'utf8')

/** A query of the documentation, who asks it, and the answer that README shows. */
interface Shown {
  readonly file: string
  readonly as: string
  readonly query: string
  readonly answer: unknown
}

/** In the order of README: the officer asks about what the partner was told. */
const shown: readonly Shown[] = [
  ...readme.matchAll(
    /\((docs\/queries\/[\w-]+\.graphql)\),\s+asked\s+as\s+`(\w+)`[\s\S]*?```graphql\n([\s\S]*?)```[\s\S]*?```json\n([\s\S]*?)```/g,
  ),
].map(([, file = '', as = '', query = '', answer = '']) => ({
  file,
  as,
  query,
  answer: JSON.parse(answer) as unknown,
}))

const files = readdirSync(FOLDER).map((name) => {
  const query = readFileSync(`${FOLDER}/${name}`, 'utf8')
  const callers = /^# Ask as: (.+)$/m.exec(query)?.[1]?.split(', ') ?? []
  return { name, query, callers }
})

/** What everybody's behaviour decides: these tests have fewer people than the demo that README shows. */
const FROM_OTHERS: ReadonlySet<string> = new Set(['title', 'recommender'])

/** An answer with all that README leaves open replaced by what README says there. */
function asShown(given: unknown, written: unknown, key = ''): unknown {
  if (Array.isArray(given) && Array.isArray(written))
    return given.map((one, index) => asShown(one, written[index], key))
  if (typeof given === 'object' && given !== null && typeof written === 'object' && written)
    return Object.fromEntries(
      Object.entries(given).map(([name, one]) => [
        name,
        asShown(one, (written as Record<string, unknown>)[name], name),
      ]),
    )
  const isOpen = String(written).endsWith('…') || FROM_OTHERS.has(key)
  return isOpen && typeof given === 'string' && given !== '' ? written : given
}

let demo: SmallDemo

beforeAll(async () => {
  demo = await SmallDemo.start()
})
afterAll(async () => await demo.stop())

describe('the queries of README', () => {
  test('are the ones in docs/queries, three of them', () => {
    expect(shown.map(({ as }) => as)).toEqual(['frontend', 'partnerAcme', 'compliance'])
    for (const { file, query } of shown)
      expect(readFileSync(file, 'utf8').replace(/^#.*\n/gm, '')).toBe(query)
  })

  test.each(shown.map((one) => [one.as, one] as const))(
    'asked as %s give the answer that README shows',
    async (as, { query, answer }) => {
      const { status, body } = await demo.ask(as, query)
      expect(status).toBe(200)
      expect(asShown(JSON.parse(body), answer)).toEqual(answer)
    },
  )
})

describe('every query in docs/queries', () => {
  test('names who asks it', () => {
    expect(files.filter(({ callers }) => callers.length === 0)).toEqual([])
  })

  test.each(
    files.flatMap(({ name, query, callers }) => callers.map((as) => [name, as, query] as const)),
  )('%s is answered when asked as %s', async (_name, as, query) => {
    const { status, codes, data, receipt } = await demo.ask(as, query)
    expect({ status, codes }).toEqual({ status: 200, codes: [] })
    expect(data.me ?? data.profile).not.toBeNull()
    expect(receipt).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('shows each of several callers something that another is not shown', async () => {
    const several = files.find(({ name }) => name === 'who-sees-what.graphql')
    const answers = await Promise.all(
      (several?.callers ?? []).map(async (as) => {
        const { profile } = (await demo.ask(as, several?.query ?? '')).data
        return JSON.stringify({ ...profile, id: null })
      }),
    )
    expect(new Set(answers).size).toBe(3)
  })
})
