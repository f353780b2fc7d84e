/**
 * The gateway itself, except that its doors let everything pass: no consent, no treatments, no vault, no pseudonyms, no
 * entry on the trail. What it is faster by is the price of privacy. Reads `clear.read_model`, where nothing is sealed.
 */
const dist = (path) => import(new URL(`../dist/src/${path}.js`, import.meta.url).href)
const { steps } = await dist('gateway/disclose/steps')
const { plainGroupsOf } = await dist('gateway/disclose/row-values')
const { Pseudonyms } = await dist('domain/privacy/pseudonym')
const { Database } = await dist('outbound/postgres/database')
const { sealedColumns } = await dist('domain/profiles/read-model')

/** Decided once for a plan, whoever the row is about. */
const decided = new WeakMap()

function letPass(draft) {
  const { row, plan, scope } = draft
  if (!decided.has(plan)) decided.set(plan, plan.decisionsFor(row.consent.state))
  draft.decisions = decided.get(plan)
  draft.id = row.subjectId
  draft.ref = ''
  const sealed = (category) => JSON.parse(row.sealed[sealedColumns[category]].toString('utf8'))
  const values = { plain: plainGroupsOf(row), sealed, now: scope.now }
  for (const { group, name, read } of draft.decisions.fields) {
    draft.groups[group] ??= {}
    draft.groups[group][name] = read(values)
  }
  return true
}

steps.onEachRow = [letPass]
steps.beforeAnswering = async () => {}
Pseudonyms.prototype.of = (id) => id
Pseudonyms.prototype.open = (id) => id
const { query } = Database.prototype
Database.prototype.query = function clearQuery(text, values, name) {
  return query.call(this, text.replaceAll('FROM read_model', 'FROM clear.read_model'), values, name)
}

const main = new URL('../dist/src/main.js', import.meta.url)
process.argv.splice(1, process.argv.length, main.pathname, 'serve')
await import(main.href)
