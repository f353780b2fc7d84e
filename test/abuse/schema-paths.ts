import {
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isInterfaceType,
  isObjectType,
} from 'graphql'
import { directiveArgument } from '../../src/inbound/graphql/directives.ts'
import { everythingOf, schema } from '../schema-walk.ts'

/** One field on the way from a root to a personal field. */
export interface Step {
  readonly field: string
  readonly type: GraphQLNamedType
}

/** One way from a root type of the schema to a field marked personal. */
export interface SchemaPath {
  readonly operation: 'query' | 'subscription'
  readonly steps: readonly Step[]
  /** Such as `Contact.email`. */
  readonly coordinate: string
  readonly category: string
}

/** Fields from the root down to the personal one: deeper ways only go round in circles. */
const DEEPEST = 6

/** All ways by which queries and subscriptions reach personal fields; each goes through a type once. */
export function pathsToPersonalFields(): readonly SchemaPath[] {
  const found: SchemaPath[] = []
  const walk = (
    operation: SchemaPath['operation'],
    type: GraphQLNamedType,
    above: readonly Step[],
    passed: ReadonlySet<string>,
  ) => {
    if (passed.has(type.name) || above.length >= DEEPEST) return
    if (isInterfaceType(type))
      for (const one of schema.getPossibleTypes(type)) walk(operation, one, above, passed)
    if (!isObjectType(type)) return
    for (const field of Object.values(type.getFields())) {
      const below = getNamedType(field.type)
      const steps = [...above, { field: field.name, type: below }]
      const category = directiveArgument(field, 'personal', 'category')
      const coordinate = `${type.name}.${field.name}`
      if (category !== null) found.push({ operation, steps, coordinate, category })
      walk(operation, below, steps, new Set([...passed, type.name]))
    }
  }
  walk('query', schema.getQueryType() as GraphQLObjectType, [], new Set())
  walk('subscription', schema.getSubscriptionType() as GraphQLObjectType, [], new Set())
  return found
}

/** A door of the schema: the steps to a profile, or to a root field that is personal itself. */
export interface Entrance {
  readonly operation: SchemaPath['operation']
  readonly root: string
  /** Fields below the root that lead to the profile: `edges`, `node`. */
  readonly to: readonly string[]
  /** What is to be found behind it. */
  readonly paths: readonly SchemaPath[]
}

/** The ways, gathered by where they enter. */
export function entrances(): readonly Entrance[] {
  const found = new Map<string, SchemaPath[]>()
  for (const path of pathsToPersonalFields()) {
    const key = [path.operation, ...stepsToProfile(path).map(({ field }) => field)].join('.')
    found.set(key, [...(found.get(key) ?? []), path])
  }
  return [...found].map(([key, paths]) => {
    const [operation, root = '', ...to] = key.split('.')
    return { operation: operation as Entrance['operation'], root, to, paths }
  })
}

/** The steps up to the profile; of a root field that is personal itself, all. */
function stepsToProfile({ steps }: SchemaPath): readonly Step[] {
  const at = steps.findIndex(({ type }) => type.name === 'Profile')
  return at === -1 ? steps.slice(0, 1) : steps.slice(0, at + 1)
}

/** Where a field stands below its entrance: `contact.email`; '' is the entrance itself. */
export const pathBelow = (path: SchemaPath) =>
  path.steps
    .slice(stepsToProfile(path).length)
    .map(({ field }) => field)
    .join('.')

const ARGUMENTS: Readonly<Record<string, string>> = { trait: '(key: "plan")' }

/** What is selected below the root of an entrance; profiles by the fragment that `fragmentOf` writes. */
export function selectionOf({ to, paths }: Entrance): string {
  const [only] = paths
  const inner = only && pathBelow(only) === '' ? leafOf(only) : ' { ...Whole }'
  return to.reduceRight((selected, field) => ` { ${field}${selected} }`, inner)
}

/** A profile with the fields of all of these ways. */
export function fragmentOf(paths: readonly SchemaPath[]): string {
  const whole = new Map<string, string>()
  const groups = new Map<string, string[]>()
  for (const path of paths) {
    const [group = '', field] = pathBelow(path).split('.')
    if (field === undefined) whole.set(group, leafOf(path))
    else groups.set(group, [...(groups.get(group) ?? []), field + leafOf(path)])
  }
  const selected = [
    ...[...whole].map(([name, leaf]) => `${name}${ARGUMENTS[name] ?? ''}${leaf}`),
    ...[...groups].flatMap(([name, fields]) =>
      whole.has(name) ? [] : [`${name}${ARGUMENTS[name] ?? ''} { ${fields.join(' ')} }`],
    ),
  ]
  return `fragment Whole on Profile { ${selected.join(' ')} }`
}

function leafOf({ steps }: SchemaPath): string {
  const type = steps.at(-1)?.type
  return isObjectType(type) ? ` { ${everythingOf(type.name)} }` : ''
}
