import {
  type GraphQLArgument,
  type GraphQLObjectType,
  getNamedType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'
import { directiveArgument } from '../src/inbound/graphql/directives.ts'
import { buildGraphqlSchema } from '../src/inbound/graphql/schema.ts'

export const schema = buildGraphqlSchema()

/** Values for arguments that a query can't leave out. */
const ARGUMENTS: Readonly<Record<string, string>> = { key: '"plan"' }

function argumentsOf(args: readonly GraphQLArgument[]): string {
  const required = args.filter(isRequiredArgument)
  if (required.length === 0) return ''
  return `(${required.map(({ name }) => `${name}: ${ARGUMENTS[name] ?? 'null'}`).join(', ')})`
}

/** Everything that can be selected below a type, as text, without what `leaveOut` names by coordinate. */
export function everythingOf(typeName: string, leaveOut: ReadonlySet<string> = new Set()): string {
  const type = schema.getType(typeName)
  if (!isObjectType(type)) throw new Error(`${typeName} is no object`)
  const fields = Object.values(type.getFields()).filter(
    ({ name }) => !leaveOut.has(`${typeName}.${name}`),
  )
  return fields
    .map(({ name, args, type: of }) => {
      const named = getNamedType(of)
      const below = isObjectType(named) ? ` { ${everythingOf(named.name, leaveOut)} }` : ''
      return `${name}${argumentsOf(args)}${below}`
    })
    .join(' ')
}

export interface PersonalField {
  /** Such as `Contact.email`. */
  readonly coordinate: string
  readonly category: string
  /** From the profile on, such as `contact.email`. */
  readonly path: string
  /** Shows a value of its own, not a list of other things below. */
  readonly selection: string
}

/** All fields marked personal that can be reached below a profile. */
export function personalFields(): readonly PersonalField[] {
  const found: PersonalField[] = []
  const visit = (type: GraphQLObjectType, path: string) => {
    for (const field of Object.values(type.getFields())) {
      const here = path === '' ? field.name : `${path}.${field.name}`
      const named = getNamedType(field.type)
      const category = directiveArgument(field, 'personal', 'category')
      const below = isObjectType(named) ? ` { ${everythingOf(named.name)} }` : ''
      if (category !== null)
        found.push({
          coordinate: `${type.name}.${field.name}`,
          category,
          path: here,
          selection: `${field.name}${argumentsOf(field.args)}${below}`,
        })
      if (isObjectType(named)) visit(named, here)
    }
  }
  const profile = schema.getType('Profile')
  if (isObjectType(profile)) visit(profile, '')
  return found
}

/** Object types that stand below a profile, the profile included. */
export function typesOfProfile(): readonly GraphQLObjectType[] {
  const found = new Set<GraphQLObjectType>()
  const visit = (type: GraphQLObjectType) => {
    if (found.has(type)) return
    found.add(type)
    for (const field of Object.values(type.getFields())) {
      const named = getNamedType(field.type)
      if (isObjectType(named)) visit(named)
      if (isInterfaceType(named)) for (const one of schema.getPossibleTypes(named)) visit(one)
    }
  }
  const profile = schema.getType('Profile')
  if (isObjectType(profile)) visit(profile)
  return [...found]
}
