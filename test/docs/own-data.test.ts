import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { createInterface } from 'node:readline'
import { createGunzip, gzipSync } from 'node:zlib'
import { demoPrincipals } from '../../src/inbound/demo/clients.ts'
import { bautaImport, ImportRun } from '../inbound/cli/import-run.ts'
import { type As, RunningGateway } from '../running-gateway.ts'

/**
 * The commands of README on data of one's own: the beginning of the real files where BAUTA_EVAL_DATA names the folder
 * that holds them, else generated ones of the same form, and then its queries, asked about a customer.
 */
// biome-ignore lint/style/noProcessEnv: where the evaluation data lie, if they are there
const DATA = env.BAUTA_EVAL_DATA
const LINES = 8_000
const CUSTOMER = '17850'

let folder: string
let running: RunningGateway
const callers = new Map<string, As & { readonly audience: string }>()
const reports = new Map<string, string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bauta-own-data-'))
  await writeFile(
    join(folder, 'online_retail.csv.gz'),
    gzipSync((await real('online-retail/online_retail_to_2011-10.csv.gz')) ?? retail()),
  )
  await writeFile(
    join(folder, 'ml-1m.train.pairs.tsv.gz'),
    gzipSync((await real('ml-1m-ncf/ml-1m.train.pairs.tsv.gz')) ?? pairs()),
  )
  running = await RunningGateway.start({}, 'policy')
})
afterAll(async () => {
  await running.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The first lines of a real file; null where there is none. */
async function real(path: string): Promise<string | null> {
  const file = join(DATA ?? '', path)
  if (DATA === undefined || !existsSync(file)) return null
  const lines: string[] = []
  for await (const line of createInterface({
    input: createReadStream(file).pipe(createGunzip()),
  })) {
    lines.push(line)
    if (lines.length > LINES) break
  }
  return `${lines.join('\n')}\n`
}

/** Invoices with what the real ones have: returns, lines without a customer, commas in quotes, a country that is none. */
function retail(): string {
  const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
  const lines = Array.from({ length: 600 }, (_, n) => {
    const [line, order] = [n % 4, Math.floor(n / 4)]
    // What one buys, the next two buy in part: so there is something to recommend.
    const item = ((order % 25) + 2 * line + (Math.floor(order / 25) % 2)) % 40
    const invoice = 536365 + order
    const isReturn = n % 50 === 49
    const customer = n % 30 === 29 ? '' : `${17850 + (order % 25)}.0`
    const country = n % 60 === 58 ? 'Unspecified' : 'United Kingdom'
    const at = `2010-12-${String(1 + (n % 9)).padStart(2, '0')} 08:26:00`
    return `${isReturn ? 'C' : ''}${invoice},8512${item}A,"HANGING HEART, No ${item}",${isReturn ? -1 : 6},${at},2.55,${customer},${country}`
  })
  return `${[header, ...lines].join('\n')}\n`
}

/** Pairs from user 0 on, as the real ones have them. */
function pairs(): string {
  const seen = (user: number) =>
    Array.from({ length: 12 }, (_, n) => `${user}\t${(user * 3 + n * (1 + (user % 4))) % 60}`)
  return `${Array.from({ length: 60 }, (_, user) => seen(user).join('\n')).join('\n')}\n`
}

/** Commands of README as a shell would take them apart. */
const commands = [
  ...readFileSync('README.md', 'utf8').matchAll(
    /^npm run -s bauta -- (import [^\n\\]*(?:\\\n[^\n\\]*)*)/gm,
  ),
]
  .map(([, text = '']) => text.replaceAll('\\\n', ' '))
  .map((text) =>
    [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? ''),
  )
const over = (file: string) => commands.filter((words) => words.includes(file))

/** Runs a command of README on the file of that name; further words come last. */
async function run(words: readonly string[], ...more: string[]): Promise<readonly number[]> {
  const [, kind = '', file = '', ...options] = words
  const report = await bautaImport(running.gateway.ingest, [
    kind,
    join(folder, file),
    ...options,
    ...more,
  ])
  reports.set(kind, report)
  return ImportRun.countsIn(report)
}

describe('the commands of README', () => {
  test('take in the retail file: what is not acceptable is told apart, and nothing is lost', async () => {
    const retail = over('online_retail.csv.gz')
    expect(retail.map(([, kind]) => kind)).toEqual(['items', 'customers', 'events', 'consents'])
    for (const words of retail) {
      const [received = 0, accepted = 0, quarantined = 0, duplicates = 0] = await run(words)
      expect(accepted).toBeGreaterThan(0)
      expect(received).toBe(accepted + quarantined + duplicates)
    }
    expect(reports.get('events')).toContain('property quantity of an order must be above 0')
    expect(reports.get('events')).toContain('no identifier that names somebody')
    expect(reports.get('customers')).toContain('no identifier that names somebody')
    const consents = retail.at(-1) ?? []
    const to = (purpose: string) => consents.map((word) => word.replace('PERSONALIZATION', purpose))
    await run(to('PROFILING'))
    await run(to('PARTNER_SHARING'), '--set', 'recipient=acme')
  })

  test('take in the pairs without losing user 0', async () => {
    for (const words of over('ml-1m.train.pairs.tsv.gz')) {
      const [received, accepted] = await run(words)
      expect([accepted, reports.get('events')]).toEqual([received, expect.any(String)])
    }
    expect(await running.gateway.people.byVerifiedIdentifier('userId', '0')).not.toBeNull()
  })
})

describe('the queries of README, asked about a customer of these files', () => {
  let customer: string

  beforeAll(async () => {
    await running.gateway.fit.run()
    const found = await running.gateway.people.byVerifiedIdentifier('userId', CUSTOMER)
    if (found === null) throw new Error('the customer did not come in')
    customer = found
    for (const [name, { client, as }] of Object.entries(demoPrincipals)) {
      if (as === 'visitor' || callers.has(name)) continue
      const audience = client.audience ?? client.id
      const { key } = await running.gateway.clients.create(client)
      callers.set(name, {
        token: as === 'person' ? await running.tokenFor(client.id, customer) : key,
        audience,
      })
    }
  })

  const answer = async (file: string, as: string) => {
    const caller = callers.get(as)
    if (!caller) throw new Error(as)
    const query = readFileSync(`docs/queries/${file}`, 'utf8')
    const variables = query.includes('$id')
      ? { id: running.pseudonym(caller.audience, customer) }
      : {}
    const answered = await running.ask(caller, query, variables)
    expect([file, answered.status, answered.codes]).toEqual([file, 200, []])
    return answered
  }

  test('the shop shows its customer what they did, and recommends what belongs to it', async () => {
    const { data } = await answer('front-end.graphql', 'frontend')
    const { recommender, recommendations } = data.me.recommendations
    expect([recommender, recommendations.length]).toEqual(['ITEM_TO_ITEM', 3])
    expect(data.me.id).toBe(running.pseudonym('shop-web', customer))
  })

  test('the partner sees the customer under a pseudonym of its own, and nothing of orders', async () => {
    const { data, withheld } = await answer('partner.graphql', 'partnerAcme')
    expect(data.profile).toMatchObject({
      id: running.pseudonym('acme', customer),
      contact: { email: null },
      demographics: { country: 'GB' },
    })
    expect(new Set(withheld.map(({ reason }) => reason))).toEqual(new Set(['NOT_PERMITTED']))
  })

  test('the officer sees what was decided and what the partner was told', async () => {
    const { data } = await answer('compliance.graphql', 'compliance')
    expect(data.profile.consents).toContainEqual({
      purpose: 'PARTNER_SHARING',
      recipient: 'acme',
      state: 'ConsentGiven',
    })
    expect(data.auditTrail.edges[0].node).toMatchObject({
      outcome: 'permit',
      actor: 'partner-acme',
    })
  })

  test('every other query of the documents is answered too', async () => {
    for (const file of readdirSync('docs/queries')) {
      const asked = /^# Ask as: (.+)$/m.exec(readFileSync(`docs/queries/${file}`, 'utf8'))?.[1]
      for (const as of asked?.split(', ') ?? []) await answer(file, as)
    }
  })
})
