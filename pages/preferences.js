// The person's token comes in the fragment (#token=…), which no server sees, or from the page around this one by
// postMessage({ bautaToken }). It is held in memory only. Which pages may put this one into a frame, the gateway says.
const WORDS = {
  en: {
    title: 'Your choices',
    waiting: 'Waiting for your sign-in …',
    notice: 'What this is about',
    allow: 'Allow',
    withdraw: 'Withdraw',
    allowed: 'Allowed.',
    refused: 'Not allowed.',
    signal: 'Closed by a signal of your browser.',
    saved: 'Saved. It counts from now on.',
    failed: 'That did not work. Nothing was changed.',
    with: 'with',
  },
  de: {
    title: 'Ihre Entscheidungen',
    waiting: 'Wartet auf Ihre Anmeldung …',
    notice: 'Worum es geht',
    allow: 'Erlauben',
    withdraw: 'Zurücknehmen',
    allowed: 'Erlaubt.',
    refused: 'Nicht erlaubt.',
    signal: 'Durch ein Signal Ihres Browsers geschlossen.',
    saved: 'Gespeichert. Es gilt ab sofort.',
    failed: 'Das ist nicht gelungen. Nichts wurde geändert.',
    with: 'mit',
  },
}
const language = navigator.language.startsWith('de') ? 'de' : 'en'
const words = WORDS[language]
const status = document.getElementById('status')
let token = null

const CHOICES = `query Choices($language: String) @purpose(is: "SERVICE") {
  consents { purpose inWords recipient state isOpen closedBySignal }
  notices(language: $language) { notice version language purposes text }
}`
const RECORD = `mutation Decide($consent: ConsentInput!) { recordConsent(consent: $consent) { accepted } }`
const WITHDRAW = `mutation Withdraw($purpose: String!, $recipient: String) {
  withdrawConsent(purpose: $purpose, recipient: $recipient) { accepted }
}`

async function ask(query, variables) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ query, variables }),
  })
  const answer = await response.json()
  if (!response.ok || answer.errors) throw new Error('refused')
  return answer.data
}

function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes)
  made.append(...children)
  return made
}

function lineOf(choice, notices) {
  const { purpose, inWords, recipient, isOpen, closedBySignal } = choice
  const stands = closedBySignal ? words.signal : isOpen ? words.allowed : words.refused
  const button = element('button', { type: 'button', textContent: isOpen ? words.withdraw : words.allow })
  const name = recipient ? `${inWords} (${words.with} ${recipient})` : inWords
  // Buttons that all say the same are told apart by those who hear them.
  button.setAttribute('aria-label', `${button.textContent}: ${name}`)
  button.dataset.of = JSON.stringify([purpose, recipient])
  button.addEventListener('click', async () => {
    button.disabled = true
    const notice = notices.find(({ purposes }) => purposes.includes(purpose))
    const shown = notice && { notice: notice.notice, noticeVersion: notice.version, language: notice.language }
    const evidence = { screen: '/preferences', control: 'allow' }
    const given = { purpose, recipient, given: true, method: 'preference page', evidence, ...shown }
    try {
      await (isOpen ? ask(WITHDRAW, { purpose, recipient }) : ask(RECORD, { consent: given }))
      await show()
      // The line was drawn anew; whoever works by keyboard goes on where they were.
      const buttons = [...document.querySelectorAll('#choices button')]
      buttons.find((one) => one.dataset.of === button.dataset.of)?.focus()
      status.textContent = words.saved
    } catch {
      status.textContent = words.failed
      button.disabled = false
    }
  })
  return element('li', {}, element('div', {}, name, element('small', { textContent: stands })), button)
}

async function show() {
  const { consents, notices } = await ask(CHOICES, { language })
  status.textContent = ''
  document.getElementById('choices').replaceChildren(...(consents ?? []).map((one) => lineOf(one, notices)))
  const about = document.getElementById('notices')
  about.hidden = notices.length === 0
  about.replaceChildren(about.firstElementChild, ...notices.map(({ text }) => element('pre', { textContent: text })))
}

async function begin(given) {
  token = given
  try {
    await show()
  } catch {
    status.textContent = words.failed
  }
}

document.documentElement.lang = language
document.title = words.title
for (const one of document.querySelectorAll('[data-words]')) one.textContent = words[one.dataset.words]
const handed = new URLSearchParams(location.hash.slice(1)).get('token')
if (handed) {
  history.replaceState(null, '', location.pathname)
  void begin(handed)
} else if (window.parent !== window) {
  addEventListener('message', ({ source, data }) => {
    if (source === window.parent && typeof data?.bautaToken === 'string') void begin(data.bautaToken)
  })
  window.parent.postMessage({ bautaPreferences: 'ready' }, '*')
}
