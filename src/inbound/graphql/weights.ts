import {
  type ConstArgumentNode,
  type ConstDirectiveNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isInputObjectType,
  isListType,
  isObjectType,
  valueFromASTUntyped,
} from 'graphql'

/** What `@listSize` says of a field (IBM GraphQL Cost Directives §8). */
export interface ListSizeRule {
  readonly assumedSize: number | null
  readonly slicingArguments: readonly string[]
  readonly sizedFields: readonly string[]
  readonly requireOneSlicingArgument: boolean
}

interface Directed {
  readonly astNode?:
    | { readonly directives?: readonly ConstDirectiveNode[] | undefined }
    | null
    | undefined
}

/** A mutation's own work, beside what it returns: a transaction and an entry. */
const MUTATION = 10

/** What a field costs each time it is resolved: its `@cost`, otherwise 10 for a mutation, otherwise its type's weight (§7.1). */
export function fieldWeight(
  schema: GraphQLSchema,
  parent: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
): number {
  const base = parent === schema.getMutationType() ? MUTATION : null
  return costOf(field) ?? base ?? typeWeight(schema, getNamedType(field.type))
}

/** What a value of a type counts: 1 for an object, 0 for a scalar, where `@cost` says nothing else; of an abstract one the most. */
export function typeWeight(schema: GraphQLSchema, type: GraphQLNamedType): number {
  if (isAbstractType(type))
    return Math.max(0, ...schema.getPossibleTypes(type).map((one) => typeWeight(schema, one)))
  return costOf(type) ?? (isObjectType(type) ? 1 : 0)
}

/** Whether a value given for it could weigh anything. */
export function canWeigh(input: GraphQLArgument | GraphQLInputField): boolean {
  return costOf(input) !== null || isInputObjectType(getNamedType(input.type))
}

/** What a given value adds to the field: the weight of the argument and of the fields given within (§5.3.3); it may be negative. */
export function inputWeight(input: GraphQLArgument | GraphQLInputField, value: unknown): number {
  if (value === null || value === undefined) return 0
  const type = getNamedType(input.type)
  return (costOf(input) ?? (isInputObjectType(type) ? 1 : 0)) + within(input.type, value)
}

function within(of: GraphQLInputType, value: unknown): number {
  const type = getNullableType(of)
  if (isListType(type) && Array.isArray(value))
    return value.reduce((sum: number, one) => sum + within(type.ofType as GraphQLInputType, one), 0)
  const named = getNamedType(type)
  if (!isInputObjectType(named) || typeof value !== 'object' || value === null) return 0
  const fields = named.getFields()
  let sum = 0
  for (const [name, given] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field) sum += inputWeight(field, given)
  }
  return sum
}

/** Null where the field says nothing of a size. */
export function listSizeOf(field: GraphQLField<unknown, unknown>): ListSizeRule | null {
  const given = argumentsOf(field, 'listSize')
  if (!given) return null
  return {
    assumedSize: (given.assumedSize as number | undefined) ?? null,
    slicingArguments: (given.slicingArguments as string[] | undefined) ?? [],
    sizedFields: (given.sizedFields as string[] | undefined) ?? [],
    requireOneSlicingArgument: given.requireOneSlicingArgument !== false,
  }
}

function costOf(directed: Directed): number | null {
  const weight = argumentsOf(directed, 'cost')?.weight
  return typeof weight === 'string' ? Number(weight) : null
}

function argumentsOf({ astNode }: Directed, name: string): Record<string, unknown> | null {
  const node = astNode?.directives?.find((one) => one.name.value === name)
  if (!node) return null
  const entry = (one: ConstArgumentNode) =>
    [one.name.value, valueFromASTUntyped(one.value)] as const
  return Object.fromEntries((node.arguments ?? []).map(entry))
}
