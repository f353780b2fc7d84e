import { env } from 'node:process'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type As, given, RunningGateway } from '../running-gateway.ts'

// biome-ignore lint/style/noProcessEnv: where this machine has its browser
const executablePath = env.BAUTA_TEST_CHROMIUM ?? '/usr/bin/chromium'

/** More controls than the page has: whoever has not come to one by then never will. */
const MOST_TABS = 60

let running: RunningGateway
let browser: Browser
let page: Page
let acme: As
let subject: string
let asked: string[]

beforeAll(async () => {
  running = await RunningGateway.start({}, 'policy')
  const key = await running.client({ id: 'acme', roles: ['partner'], audience: 'acme' })
  acme = { token: key, purpose: 'PARTNER_SHARING' }
  await running.client({ id: 'shop', roles: ['subject'] })
  const identifiers = given({ userId: 'u-1', email: 'wilma@example.com' })
  const consent = { type: 'consent' as const, identifiers, state: 'ConsentGiven' as const }
  subject =
    (
      await running.take('crm', [
        {
          type: 'profile',
          recordKey: 'crm-1',
          identifiers,
          traits: { country: 'DE', plan: 'pro' },
        },
        { ...consent, purpose: 'PARTNER_SHARING', recipient: 'acme' },
        { ...consent, purpose: 'MARKETING' },
      ])
    )[0] ?? ''
  browser = await chromium.launch({ executablePath })
})
afterAll(async () => {
  await browser?.close()
  await running?.stop()
})

/** The page as a person opens it from a front end: with a token that speaks for them. */
async function opened(locale = 'en-GB'): Promise<void> {
  await page?.context().close()
  page = await (await browser.newContext({ locale })).newPage()
  asked = []
  page.on('request', (request) => void asked.push(request.url()))
  const token = await running.tokenFor('shop', subject)
  await page.goto(`${running.origin}/preferences#token=${token}`)
  await page.waitForSelector('#choices button')
}

async function partnerSees(): Promise<unknown> {
  const id = running.pseudonym('acme', subject)
  return (await running.ask(acme, `{ profile(id: "${id}") { id } }`)).data.profile
}

const focused = async () =>
  await page.evaluate<string>(`document.activeElement.getAttribute('aria-label') ?? ''`)

/** By the keyboard alone, from wherever one is. */
async function tabTo(label: RegExp): Promise<void> {
  for (let n = 0; n < MOST_TABS; n++) {
    await page.keyboard.press('Tab')
    if (label.test(await focused())) return
  }
  throw new Error(`no key leads to ${label}`)
}

async function said(words: string): Promise<void> {
  await page.locator('#status', { hasText: words }).waitFor()
}

async function violations(): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const found = await page.evaluate<{ violations: { id: string }[] }>('axe.run(document)')
  return found.violations.map(({ id }) => id)
}

describe('the preference page', () => {
  beforeEach(async () => await opened())

  test('shows every purpose, and withdraws in one step, by the keyboard: the next query of a partner tells nothing', async () => {
    expect(await partnerSees()).not.toBeNull()
    const purposes = [...running.policy.purposes.values()].filter(
      ({ legalBasis }) => legalBasis === 'consent',
    )
    const text = await page.textContent('main')
    expect(purposes.length).toBeGreaterThan(2)
    for (const { inWords } of purposes) expect(text).toContain(inWords)
    await tabTo(/^Withdraw: .*acme/)
    await page.keyboard.press('Enter')
    await said('Saved')
    expect(await partnerSees()).toBeNull()
    // Whoever has changed their mind is still where they were.
    expect(await focused()).toMatch(/^Allow: .*acme/)
    await page.keyboard.press('Space')
    await page.locator('button:focus[aria-label^="Withdraw"]').waitFor()
    expect(await partnerSees()).not.toBeNull()
  })

  test('asks this gateway alone, and keeps the token out of addresses and stores', async () => {
    expect(page.url()).toBe(`${running.origin}/preferences`)
    for (const url of asked)
      expect([new URL(url).origin, url.includes('?')]).toEqual([running.origin, false])
    const kept = await page.evaluate<unknown>(
      '[localStorage.length, sessionStorage.length, document.cookie]',
    )
    expect(kept).toEqual([0, 0, ''])
  })

  test('says that nothing was changed where a change is refused', async () => {
    await page.route('**/graphql', async (route) => await route.abort())
    await tabTo(/^Withdraw: /)
    await page.keyboard.press('Enter')
    await said('Nothing was changed')
    expect(await partnerSees()).not.toBeNull()
  })

  test.each(['en-GB', 'de-DE'])(
    'has a name for every control, and no other barrier that axe finds: %s',
    async (locale) => {
      await opened(locale)
      expect(await page.getAttribute('html', 'lang')).toBe(locale.slice(0, 2))
      expect(await violations()).toEqual([])
      const names = await page.evaluate<string[]>(
        `[...document.querySelectorAll('button')].map((one) => one.getAttribute('aria-label'))`,
      )
      expect(new Set(names).size).toBe(names.length)
      // Had a control no name, it would be found.
      await page.evaluate(
        `(() => { const one = document.querySelector('button'); one.textContent = ''; one.removeAttribute('aria-label') })()`,
      )
      expect(await violations()).toContain('button-name')
    },
  )
})
