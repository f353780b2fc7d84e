/** Reads the trail as a compliance officer does. */
const PAGE = 200
const QUERY = `query Trail($after: String) {
  auditTrail(first: ${PAGE}, after: $after) {
    edges { node { index leafHash requestId actor outcome subjects } }
    pageInfo { hasNextPage endCursor }
  }
}`

/** Every entry after this index, oldest first. */
export async function entriesSince(url, { token }, lastIndex) {
  const entries = []
  let after = null
  for (;;) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: QUERY, variables: { after } }),
    })
    const { data, errors } = await response.json()
    if (errors) throw new Error(`the trail can't be read: ${JSON.stringify(errors).slice(0, 300)}`)
    const page = data.auditTrail.edges.map(({ node }) => node)
    entries.push(...page.filter(({ index }) => index > lastIndex))
    const { hasNextPage, endCursor } = data.auditTrail.pageInfo
    if (!hasNextPage || page.at(-1).index <= lastIndex) return entries.reverse()
    after = endCursor
  }
}
