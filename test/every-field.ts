import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  type OperationTypeNode,
} from 'graphql'

/** The fields of one type, and an operation that asks for all of them by the shortest way. */
export interface ReachedFields {
  readonly operation: 'query' | 'mutation' | 'subscription'
  readonly coordinates: readonly string[]
  readonly text: string
}

/** Every field of every object of the schema that operations reach, type by type. */
export function everyField(schema: GraphQLSchema): readonly ReachedFields[] {
  const seen = new Set<string>()
  return (['query', 'mutation', 'subscription'] as const).flatMap((operation) => {
    const root = schema.getRootType(operation as OperationTypeNode)
    return root ? fieldsFrom(root, operation, seen) : []
  })
}

function fieldsFrom(
  root: GraphQLObjectType,
  operation: ReachedFields['operation'],
  seen: Set<string>,
): readonly ReachedFields[] {
  const found: ReachedFields[] = []
  const waiting = [{ type: root, around: (inner: string) => `${operation} { ${inner} }` }]
  for (const { type, around } of waiting) {
    const fields = Object.values(type.getFields()).map((field) => {
      const call = callOf(field)
      const below = getNamedType(field.type)
      if (isObjectType(below) && !seen.has(below.name)) {
        seen.add(below.name)
        waiting.push({ type: below, around: (inner) => around(`${call} { ${inner} }`) })
      }
      const text = 'getFields' in below ? `${call} { __typename }` : call
      return { coordinate: `${type.name}.${field.name}`, text }
    })
    // A subscription has one field, and a mutation ends with the first that fails.
    const together = operation !== 'query' && type === root ? fields.map((one) => [one]) : [fields]
    for (const some of together)
      found.push({
        operation,
        coordinates: some.map(({ coordinate }) => coordinate),
        text: around(some.map(({ text }) => text).join(' ')),
      })
  }
  return found
}

function callOf({ name, args }: GraphQLField<unknown, unknown>): string {
  const given = args.filter(isRequiredArgument).map((arg) => `${arg.name}: ${literal(arg.type)}`)
  return given.length === 0 ? name : `${name}(${given.join(', ')})`
}

function literal(type: GraphQLInputType): string {
  const nullable = getNullableType(type)
  if (isListType(nullable)) return `[${literal(nullable.ofType)}]`
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name ?? ''
  if (isInputObjectType(nullable)) {
    const required = Object.values(nullable.getFields()).filter(isRequiredInputField)
    return `{ ${required.map((field) => `${field.name}: ${literal(field.type)}`).join(', ')} }`
  }
  const literals: Readonly<Record<string, string>> = {
    Int: '1',
    Float: '1',
    Boolean: 'true',
    DateTime: '"2026-01-31T09:30:00Z"',
  }
  return literals[nullable.name] ?? '"x"'
}

/** Something that a field of this type can be, so that what stands below it is reached. */
export function anyValue(type: GraphQLOutputType): unknown {
  const nullable = getNullableType(type)
  if (isListType(nullable)) return [anyValue(nullable.ofType)]
  if (isEnumType(nullable)) return nullable.getValues()[0]?.value
  if (isInterfaceType(nullable)) return { id: 'item:x' }
  if (isObjectType(nullable)) return {}
  return { Int: 1, Float: 1, Boolean: true, DateTime: 0 }[nullable.name] ?? 'x'
}
