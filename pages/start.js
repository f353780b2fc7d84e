import { ask, element, openDesk } from './desk.js'

const presets = [
  {
    name: 'One person, all groups',
    as: ['frontend', 'partnerAcme', 'support'],
    query: `query OnePerson($id: ID!) {
  profile(id: $id) {
    id
    contact { name email phone }
    demographics { birthDate ageBand country city }
    account { plan lifecycleStage }
    activity { sessionCount lastSeenAt device }
    commerce { orderCount totalValue }
    segments { key }
  }
}`,
  },
  {
    name: 'What to recommend',
    as: ['frontend', 'partnerAcme', 'marketer'],
    query: `query Recommended($id: ID!) {
  profile(id: $id) {
    id
    recommendations(first: 3) {
      recommender
      recommendations { score item { title category } }
    }
  }
}`,
  },
  {
    name: 'Where a value came from',
    as: ['subject', 'analyst', 'support'],
    query: `query Origin($id: ID!) {
  profile(id: $id) {
    id
    trait(key: "plan") { value lineage { source observedAt rule } }
  }
}`,
  },
  {
    name: 'What they agreed to',
    as: ['subject', 'compliance', 'partnerAcme'],
    query: `query Consents($id: ID!) {
  profile(id: $id) {
    id
    consents { purpose recipient state expiresAt }
  }
}`,
  },
]

const TRAIL = `query Trail($receipt: String!) {
  auditTrail(filter: { requestId: $receipt }, first: 1) {
    edges { node { index time actor audience purpose legalBasis outcome sets subjects leafHash } }
  }
}`

const at = (id) => document.getElementById(id)

const form = at('ask')

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void show()
})
at('preset').append(...presets.map(({ name }, index) => element('option', { value: index }, name)))
at('preset').addEventListener('change', () => {
  choose()
  void show()
})
void begin()

/** A question and those whose answers differ in a telling way. */
function choose() {
  const { query, as } = presets[at('preset').value]
  at('query').value = query
  for (const box of form.querySelectorAll('[name=as]')) box.checked = as.includes(box.value)
}

async function begin() {
  try {
    const { principals } = await openDesk(1)
    at('principals').append(
      ...Object.entries(principals).map(([name, { note }]) =>
        element(
          'label',
          { title: note },
          element('input', { type: 'checkbox', name: 'as', value: name }),
          name,
        ),
      ),
    )
    choose()
    await show()
  } catch (error) {
    complain(error)
  }
}

async function show() {
  const button = form.querySelector('button')
  button.disabled = true
  try {
    const desk = await openDesk(at('person').value)
    const query = at('query').value
    const names = [...form.querySelectorAll('[name=as]:checked')].map(({ value }) => value)
    const answers = []
    for (const name of names) {
      const principal = desk.principals[name]
      const answer = await ask({ token: principal.token, query, variables: { id: desk.ids[name] } })
      const entry = await entryOf(answer, desk.principals.compliance)
      answers.push({ name, principal, answer, entry })
    }
    at('answer').replaceChildren(comparison(answers), element('h2', {}, 'What stands on the audit trail'), trail(answers))
  } catch (error) {
    complain(error)
  } finally {
    button.disabled = false
  }
}

function complain(error) {
  at('answer').replaceChildren(element('p', { className: 'panel error' }, error.message))
}

async function entryOf(answer, compliance) {
  const receipt = answer.extensions?.privacy?.receipt
  if (!receipt || !compliance) return null
  const found = await ask({ token: compliance.token, query: TRAIL, variables: { receipt } })
  return found.data?.auditTrail.edges[0]?.node ?? null
}

/** One line per field, one column per caller. */
function comparison(answers) {
  const columns = answers.map((one) => ({ ...one, ...cellsOf(one) }))
  const paths = [...new Set(columns.flatMap(({ cells }) => [...cells.keys()]))]
  const isGroup = (path) => paths.some((other) => other !== path && plain(other).startsWith(`${path}.`))
  const head = columns.map(({ name, answer, principal }) =>
    element(
      'th',
      { scope: 'col' },
      name,
      element('small', {}, answer.extensions?.privacy?.purpose ?? principal.defaultPurpose ?? 'no purpose'),
    ),
  )
  const lines = paths.map((path) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, isGroup(path) ? `${path} (others)` : path),
      ...columns.map(({ cells, reasonOf, treatmentOf }) =>
        element('td', {}, ...cellOf(cells.get(path), reasonOf(path), treatmentOf(path))),
      ),
    ),
  )
  const errors = columns.flatMap(({ name, answer }) =>
    (answer.errors ?? []).map(({ message, extensions }) =>
      element('p', { className: 'error' }, `${name}: ${extensions?.code ?? 'error'}: ${message}`),
    ),
  )
  return element(
    'div',
    { className: 'panel scroll' },
    element('table', {}, element('thead', {}, element('tr', {}, element('th'), ...head)), element('tbody', {}, ...lines)),
    ...errors,
  )
}

function cellOf(value, reason, treatment) {
  if (value === undefined || value === null)
    return reason ? [element('span', { className: 'kept' }, reason)] : [element('span', { className: 'none' }, '–')]
  const shown = [String(value)]
  if (treatment && treatment !== 'CLEAR') shown.push(element('span', { className: 'form' }, treatment))
  return shown
}

/** Leaves of an answer by path, why a path is withheld, and the form in which it was told. */
function cellsOf({ answer, entry }) {
  const cells = new Map()
  collect(answer.data ?? {}, '', cells)
  const withheld = answer.extensions?.privacy?.withheld ?? []
  const treatments = (entry?.sets ?? []).flatMap(({ fields }) => fields)
  // Of a list, some may be told and others not: the list is named, how many others there are is not.
  for (const { path } of withheld) if (![...cells.keys()].some((known) => plain(known) === path)) cells.set(path, null)
  return {
    cells,
    reasonOf: (path) => withheld.find((one) => plain(path) === one.path || plain(path).startsWith(`${one.path}.`))?.reason,
    treatmentOf: (path) => treatments.find((one) => `.${plain(path)}.`.includes(`.${one.path}.`))?.treatment,
  }
}

/** A path without list positions, as policy and the trail name it. */
function plain(path) {
  return path.replaceAll(/\[\d+\]/g, '')
}

function collect(value, path, cells) {
  if (value === null || typeof value !== 'object') {
    cells.set(path, value)
    return
  }
  for (const [key, child] of Object.entries(value)) {
    const step = Array.isArray(value) ? `[${key}]` : path === '' ? key : `.${key}`
    collect(child, path + step, cells)
  }
}

function trail(answers) {
  return element(
    'div',
    { className: 'columns' },
    ...answers.map(({ name, answer, entry }) =>
      element(
        'section',
        { className: 'panel' },
        element('strong', {}, name),
        entry ? facts(entry) : element('p', { className: 'note' }, 'Refused before anything was disclosed.'),
        element('details', {}, element('summary', {}, 'The answer as it came'), element('pre', {}, JSON.stringify(answer, null, 2))),
      ),
    ),
  )
}

function facts({ index, time, actor, audience, purpose, legalBasis, outcome, sets, subjects, leafHash }) {
  const told = new Set(sets.flatMap((set) => set.fields.filter(({ treatment }) => treatment !== 'WITHHELD').map(({ path }) => path)))
  const rows = [
    ['number', String(index)],
    ['time', String(time)],
    ['actor', `${actor}, audience ${audience}`],
    ['purpose', purpose ? `${purpose} (${legalBasis})` : 'none'],
    ['outcome', outcome],
    ['disclosed', `${told.size} fields of ${subjects.length} ${subjects.length === 1 ? 'person' : 'people'}`],
    ...subjects.slice(0, 3).map(({ ref, consent }) => ['person', `${ref}${consent ? `, ${consent.state}` : ''}`]),
    ['leaf hash', leafHash],
  ]
  return element(
    'dl',
    {},
    ...rows.flatMap(([term, value]) => [element('dt', {}, term), element('dd', { className: 'code' }, value)]),
  )
}
