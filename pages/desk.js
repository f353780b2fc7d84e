/** Demo principals and, for one person, the name under which each of them knows that person. */
export async function openDesk(person) {
  const response = await fetch(`/demo/desk?person=${person}`)
  const desk = await response.json()
  if (!response.ok) throw new Error(desk.message)
  return desk
}

/** Asks the gateway as one principal. The visitor's cookie is HttpOnly, so the desk sets it for the browser. */
export async function ask({ token, query, variables, purpose }) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...(purpose && { 'bauta-purpose': purpose }),
    },
    body: JSON.stringify({ query, variables }),
  })
  const answer = await response.json()
  // What is refused before GraphQL begins says so in one object.
  return answer.code ? { errors: [{ message: answer.message, extensions: { code: answer.code } }] } : answer
}

/** An element with attributes and children; text is never read as HTML. */
export function element(name, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes)
  made.append(...children.filter((child) => child !== null))
  return made
}
