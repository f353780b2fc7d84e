import fc from 'fast-check'
import { getNamedType, isObjectType } from 'graphql'
import { schema } from '../schema-walk.ts'

/** A question as it was drawn: whom it asks about and what it pages after is settled when it is asked. */
export interface Drawn {
  readonly root: keyof typeof ROOTS
  readonly who: number
  readonly fields: string
  readonly filter: string
  readonly order: string
  readonly first: number
  readonly cursor: number | null
  /** How it is said: see rewrite.ts. */
  readonly choices: readonly number[]
}

/** People whom a question can be about, and cursors that earlier answers held, each with the list that it belongs to. */
export interface Known {
  readonly people: readonly {
    readonly id: string
    readonly email: string
    readonly userId: string
  }[]
  readonly cursors: readonly { readonly list: string; readonly cursor: string }[]
}

const SIMPLE = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'
const ROOTS = {
  profile: ({ id }: Person, { fields }: Drawn) => `profile(id: "${id}") { ${fields} }`,
  profiles: ({ id }: Person, { fields }: Drawn) => `profiles(ids: ["${id}"]) { ${fields} }`,
  node: ({ id }: Person, { fields }: Drawn) =>
    `node(id: "${id}") { id ... on Profile { ${fields} } }`,
  byEmail: ({ email }: Person, { fields }: Drawn) =>
    `profileBy(identifier: { kind: EMAIL, value: "${email}" }) { ${fields} }`,
  byUserId: ({ userId }: Person, { fields }: Drawn) =>
    `profileBy(identifier: { kind: USER_ID, value: "${userId}" }) { ${fields} }`,
  consents: ({ id }: Person) => `consents(profile: "${id}") { purpose state isOpen }`,
  disclosures: ({ id }: Person) => `disclosuresOf(profile: "${id}") { edges { node { purpose } } }`,
  segments: () =>
    `segments(first: 50) { ${SIMPLE} edges { cursor node { key size { value suppressed } } } }`,
  search: (_: Person, drawn: Drawn) => searched(drawn),
  page: (_: Person, drawn: Drawn) => searched(drawn),
}
type Person = Known['people'][number]

const searched = (
  { filter, order, first, fields }: Drawn,
  list = `${filter}${order}`,
  after = '',
) =>
  `searchProfiles(${list}first: ${first}${after}) { ${SIMPLE} edges { cursor node { ${fields} } } }`

/** The list of a search, without its size and place: what a cursor is bound to. */
export const listOf = ({ filter, order }: Drawn) => `${filter}${order}`

/** A drawn question in plain words. */
export function spoken(drawn: Drawn, { people, cursors }: Known): string {
  const person = people[drawn.who % people.length]
  const page = cursors[(drawn.cursor ?? 0) % Math.max(1, cursors.length)]
  if (!person) throw new Error('nobody to ask about')
  if (drawn.root === 'page' && page)
    return `{ ${searched(drawn, page.list, `, after: "${page.cursor}"`)} }`
  return `{ ${ROOTS[drawn.root](person, drawn)} }`
}

/** Any selection below a type, at least one field. */
function selection(typeName: string): fc.Arbitrary<string> {
  const type = schema.getType(typeName)
  if (!isObjectType(type)) throw new Error(`${typeName} is no object`)
  const fields = Object.values(type.getFields()).map(({ name, type: of }) => {
    const below = getNamedType(of)
    const text = name === 'trait' ? 'trait(key: "plan")' : name
    if (!isObjectType(below)) return fc.constant(text)
    return selection(below.name).map((inner) => `${text} { ${inner} }`)
  })
  return fc
    .tuple(fc.tuple(...fields), fc.subarray([...fields.keys()], { minLength: 1 }))
    .map(([all, chosen]) => chosen.map((at) => all[at]).join(' '))
}

/** @param filters and orders: arguments of searchProfiles, each with a comma behind it */
export function drawnQuery(
  filters: readonly string[],
  orders: readonly string[],
): fc.Arbitrary<Drawn> {
  return fc.record({
    root: fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(ROOTS) as Drawn['root'][])) },
      { weight: 1, arbitrary: fc.constantFrom<Drawn['root']>('search', 'page') },
    ),
    who: fc.nat(),
    fields: selection('Profile').map((fields) => `id ${fields}`),
    filter: fc.oneof(fc.constant(''), fc.constantFrom(...filters)),
    order: fc.oneof(fc.constant(''), fc.constantFrom(...orders)),
    first: fc.integer({ min: 1, max: 40 }),
    cursor: fc.option(fc.nat()),
    choices: fc.array(fc.nat(1_000), { minLength: 8, maxLength: 40 }),
  })
}
