import fc from 'fast-check'
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'

const DEEPEST = 8

/** Queries over a schema, by some of the root's fields: some of the fields of each type, and pages of up to nine. */
export function randomQueries(
  schema: GraphQLSchema,
  rootFields: readonly string[],
): fc.Arbitrary<string> {
  const root = schema.getQueryType()
  if (!root) throw new Error('no queries')
  const fields = rootFields.flatMap((name) => root.getFields()[name] ?? [])
  return selectionOf(fields, 1)
}

function selectionOf(
  fields: readonly GraphQLField<unknown, unknown>[],
  depth: number,
): fc.Arbitrary<string> {
  return fc
    .subarray([...fields], { minLength: 1, maxLength: Math.min(6, fields.length) })
    .chain((chosen) => fc.tuple(...chosen.map((field) => textOf(field, depth))))
    .map((parts) => `{ ${parts.join(' ')} }`)
}

function textOf(field: GraphQLField<unknown, unknown>, depth: number): fc.Arbitrary<string> {
  const type = getNamedType(field.type)
  const below = isObjectType(type)
    ? selectionOf(fieldsOf(type, depth + 1), depth + 1)
    : fc.constant('')
  const paged = field.args.some(({ name }) => name === 'first')
  const page = paged
    ? fc
        .option(fc.nat(9), { nil: null })
        .map((first) => (first === null ? '' : `(first: ${first})`))
    : fc.constant('')
  return fc.tuple(page, below).map(([args, set]) => `${field.name}${args} ${set}`)
}

function fieldsOf(
  type: GraphQLObjectType,
  depth: number,
): readonly GraphQLField<unknown, unknown>[] {
  const all = Object.values(type.getFields()).filter(
    (field) => !field.args.some(isRequiredArgument),
  )
  const flat = all.filter((field) => !isObjectType(getNamedType(field.type)))
  return depth < DEEPEST || flat.length === 0 ? all : flat
}
