import { ask, element, openDesk } from './desk.js'

const SCHEMA = `query Schema {
  __schema {
    types { name kind description fields { name description type { ...Ref } args { name type { ...Ref } } } }
  }
}
fragment Ref on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`

const at = (id) => document.getElementById(id)
let principals = {}

at('ask').addEventListener('submit', (event) => {
  event.preventDefault()
  void show()
})
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void show()
})
at('principal').addEventListener('change', choose)
void begin()

async function begin() {
  try {
    const desk = await openDesk(1)
    principals = desk.principals
    at('principal').append(...Object.keys(principals).map((name) => element('option', { value: name }, name)))
    at('principal').value = Object.keys(principals)[0] ?? ''
    choose()
    await Promise.all([show(), showSchema()])
  } catch (error) {
    at('answer').textContent = error.message
  }
}

function choose() {
  const { token = '', purposes = [] } = principals[at('principal').value] ?? {}
  at('token').value = token
  at('purposes').replaceChildren(...purposes.map((value) => element('option', { value })))
}

async function show() {
  try {
    const answer = await ask({
      token: at('token').value,
      purpose: at('purpose').value,
      query: at('query').value,
      variables: JSON.parse(at('variables').value || '{}'),
    })
    at('answer').textContent = JSON.stringify(answer, null, 2)
  } catch (error) {
    at('answer').textContent = error.message
  }
}

async function showSchema() {
  const { data, errors } = await ask({ token: at('token').value, query: SCHEMA })
  if (!data) throw new Error(errors[0].message)
  const types = data.__schema.types.filter(({ kind, name }) => kind === 'OBJECT' && !name.startsWith('__'))
  const order = ['Query', 'Mutation', 'Subscription', 'Profile']
  const place = ({ name }) => (order.includes(name) ? order.indexOf(name) : order.length)
  types.sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name))
  at('schema').replaceChildren(...types.map(typeOf))
}

function typeOf({ name, description, fields }) {
  return element(
    'details',
    { open: name === 'Query' },
    element('summary', { title: description ?? '' }, name),
    element(
      'dl',
      {},
      ...fields.flatMap((field) => [
        element('dt', { title: field.description ?? '' }, field.name),
        element('dd', { className: 'code' }, signature(field)),
      ]),
    ),
  )
}

function signature({ args, type }) {
  const taken = args.map((one) => `${one.name}: ${print(one.type)}`).join(', ')
  return `${taken ? `(${taken}) ` : ''}${print(type)}`
}

function print({ kind, name, ofType }) {
  if (kind === 'NON_NULL') return `${print(ofType)}!`
  if (kind === 'LIST') return `[${print(ofType)}]`
  return name ?? '…'
}
