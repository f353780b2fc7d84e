import { RunningGateway } from '../running-gateway.ts'

/** PostgreSQL stores no NUL, and half of a surrogate pair has no bytes in UTF-8. */
const UNSTORABLE = ['\0evilmark', 'evil\0mark', 'evil\ud800mark']
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

let running: RunningGateway
let admin: string
let feed: string

beforeAll(async () => {
  running = await RunningGateway.start()
  admin = await running.client({ id: 'boss', roles: ['admin'] })
  feed = await running.client({ id: 'feed', roles: ['ingest'], writeKey: 'server' })
  await running.client({ id: 'shop', roles: ['frontend'] })
})
afterAll(async () => await running.stop())

/** Lines of level error and above while something was asked. */
async function failuresOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = running.lines.length
  await work()
  return running.lines.slice(before).filter((line) => JSON.parse(line).level >= 50)
}

async function token(form: Readonly<Record<string, string>>, key?: string) {
  const answer = await fetch(`${running.origin}/oauth/token`, {
    method: 'POST',
    ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    body: new URLSearchParams(form),
  })
  return [answer.status, ((await answer.json()) as { error?: string }).error]
}

describe.each(UNSTORABLE)('text that no database takes (%j)', (text) => {
  test('is a client that nobody knows, with a hash computed for it, and no failure', async () => {
    const form = { grant_type: 'client_credentials', client_id: text, client_secret: 'x' }
    const failures = await failuresOf(async () => {
      expect(await token(form)).toEqual([401, 'invalid_client'])
    })
    expect(failures).toEqual([])
    expect(running.lines.join('')).not.toContain('evilmark')
  })

  test('is no front end', async () => {
    const form = {
      grant_type: EXCHANGE,
      audience: text,
      subject_token: 'x',
      subject_token_type: 'urn:bauta:identifier:email',
    }
    const failures = await failuresOf(async () => {
      expect(await token(form, feed)).toEqual([400, 'invalid_target'])
    })
    expect(failures).toEqual([])
  })

  test('is no client to revoke, and none is registered with it', async () => {
    const mutations = [
      'revokeClient(id: $t)',
      'createClient(client: { id: "new", name: $t, roles: ["support"] }) { key }',
      ...['segments: [$t]', 'categories: [$t]', 'audience: $t'].map(
        (more) =>
          `createClient(client: { id: "new", name: "New", roles: ["support"], ${more} }) { key }`,
      ),
    ]
    const codes: string[] = []
    const failures = await failuresOf(async () => {
      for (const mutation of mutations) {
        const query = `mutation ($t: String!) { ${mutation} }`
        codes.push(...(await running.ask({ token: admin }, query, { t: text })).codes)
      }
    })
    expect(codes).toEqual(['NOT_FOUND', ...Array(4).fill('BAD_USER_INPUT')])
    expect(failures).toEqual([])
  })
})
