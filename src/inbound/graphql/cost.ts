import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
  valueFromASTUntyped,
  visit,
} from 'graphql'
import { limits } from '../../kernel/limits.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { conditionOf, type Variables } from './inclusion.ts'
import {
  canWeigh,
  fieldWeight,
  inputWeight,
  type ListSizeRule,
  listSizeOf,
  typeWeight,
} from './weights.ts'

/** An operation by the IBM GraphQL Cost Directives: upper bounds of what executing it takes. */
export interface Cost {
  /** Work of resolvers (§5.3.3). */
  readonly field: number
  /** Objects that come back (§5.3.2). */
  readonly type: number
}

/** What is held against limits and budgets: whichever of the two is larger. */
export function unitsOf({ field, type }: Cost): number {
  return Math.max(field, type)
}

/** A number that is known from the document, or follows from the variables. */
type Known<T> = T | ((variables: Variables) => T)

/** The fields whose length the field above has named, and the length. */
interface Sized {
  readonly fields: readonly string[]
  readonly size: Known<number>
}

const NOTHING: Cost = { field: 0, type: 0 }

/**
 * Reckons an operation once: what no variable touches is a number from then on, and only the rest is multiplied out for
 * each request. Costs of one place count wherever it is spread, whatever fragments are called.
 * @throws Refusal BAD_USER_INPUT where a list needs one slicing argument and has none or several.
 */
export class OperationCost {
  readonly #schema: GraphQLSchema
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #whole: Known<Cost>

  constructor(
    schema: GraphQLSchema,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    operation: OperationDefinitionNode,
    root: GraphQLObjectType,
  ) {
    this.#schema = schema
    this.#fragments = fragments
    const parts: Known<Cost>[] = [{ field: 0, type: typeWeight(schema, root) }]
    this.#select(operation.selectionSet, root, null, parts)
    this.#whole = sumOf(parts)
  }

  /**
   * @param variables coerced, defaults included.
   * @throws Refusal BAD_USER_INPUT where one list would be longer than a page.
   */
  with(variables: Variables): Cost {
    return reckoned(this.#whole, variables)
  }

  #below(set: SelectionSetNode, type: GraphQLNamedType, sized: Sized | null): Known<Cost> {
    const types = isAbstractType(type) ? this.#schema.getPossibleTypes(type) : [type]
    const each = types.filter(isObjectType).map((one) => {
      const parts: Known<Cost>[] = []
      this.#select(set, one, sized, parts)
      return sumOf(parts)
    })
    // Each object is of one type only.
    return each.length === 1 && each[0] ? each[0] : combined(each, dearest)
  }

  #select(
    set: SelectionSetNode,
    type: GraphQLObjectType,
    sized: Sized | null,
    parts: Known<Cost>[],
  ): void {
    for (const one of set.selections) {
      const included = conditionOf(one)
      if (included === false) continue
      const own: Known<Cost>[] = []
      if (one.kind === Kind.FIELD) own.push(this.#field(one, type, sized))
      else {
        const fragment =
          one.kind === Kind.FRAGMENT_SPREAD ? this.#fragments.get(one.name.value) : one
        if (fragment && this.#applies(fragment.typeCondition?.name.value, type))
          this.#select(fragment.selectionSet, type, sized, own)
      }
      const cost = sumOf(own)
      parts.push(
        included === true
          ? cost
          : (variables) => (included(variables) ? reckoned(cost, variables) : NOTHING),
      )
    }
  }

  #applies(condition: string | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition === type.name) return true
    const on = this.#schema.getType(condition)
    return isAbstractType(on) && this.#schema.isSubType(on, type)
  }

  #field(node: FieldNode, parent: GraphQLObjectType, sized: Sized | null): Known<Cost> {
    const fields = parent.getFields()
    const name = node.name.value
    // `__typename`, and the schema, which is no data: neither is a field of the type.
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (!field) return NOTHING
    const type = getNamedType(field.type)
    const rule = listSizeOf(field)
    const named = rule && sizeBy(rule, node, field)
    const forBelow = rule && named !== null && rule.sizedFields.length > 0
    const size = sized?.fields.includes(name)
      ? sized.size
      : named !== null && !forBelow
        ? named
        : isListType(getNullableType(field.type))
          ? limits.pageSize
          : 1
    const own = ownWeight(fieldWeight(this.#schema, parent, field), node, field)
    const one = { field: 0, type: typeWeight(this.#schema, type) }
    const inner = forBelow ? { fields: rule.sizedFields, size: named } : null
    const below = node.selectionSet ? this.#below(node.selectionSet, type, inner) : NOTHING
    const each = sumOf([one, below])
    if (typeof own === 'number' && typeof size === 'number' && typeof each !== 'function')
      return times(each, size, own)
    return (variables) =>
      times(reckoned(each, variables), reckoned(size, variables), reckoned(own, variables))
  }
}

function reckoned<T extends number | Cost>(known: Known<T>, variables: Variables): T {
  return typeof known === 'function' ? known(variables) : known
}

const added = (a: Cost, b: Cost): Cost => ({ field: a.field + b.field, type: a.type + b.type })
const dearest = (a: Cost, b: Cost): Cost => ({
  field: Math.max(a.field, b.field),
  type: Math.max(a.type, b.type),
})
const times = (each: Cost, size: number, own: number): Cost => ({
  field: own + each.field * size,
  type: each.type * size,
})

const sumOf = (parts: readonly Known<Cost>[]): Known<Cost> => combined(parts, added)

/** What is known is put together now, and only the rest for each request. */
function combined(parts: readonly Known<Cost>[], put: (a: Cost, b: Cost) => Cost): Known<Cost> {
  let fixed = NOTHING
  const varying: ((variables: Variables) => Cost)[] = []
  for (const part of parts)
    if (typeof part === 'function') varying.push(part)
    else fixed = put(fixed, part)
  if (varying.length === 0) return fixed
  return (variables) => varying.reduce((sum, part) => put(sum, part(variables)), fixed)
}

/** A field's weight with its arguments; together never below nothing (§7.1). */
function ownWeight(
  weight: number,
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
): Known<number> {
  const given = field.args.filter(canWeigh).map((argument) => {
    const value = node.arguments?.find((one) => one.name.value === argument.name)?.value
    return { argument, value: value ? givenBy(value) : argument.defaultValue }
  })
  const reckon = (read: (value: Known<unknown>) => unknown) =>
    Math.max(
      0,
      given.reduce((sum, { argument, value }) => sum + inputWeight(argument, read(value)), weight),
    )
  if (given.every(({ value }) => typeof value !== 'function')) return reckon((value) => value)
  return (variables) => reckon((value) => (typeof value === 'function' ? value(variables) : value))
}

/** The length that the rule reads from the arguments, or assumes; null where it tells none. */
function sizeBy(
  { slicingArguments, assumedSize, requireOneSlicingArgument }: ListSizeRule,
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
): Known<number> | null {
  const values: Known<unknown>[] = []
  for (const name of slicingArguments) {
    const value = node.arguments?.find((one) => one.name.value === name)?.value
    const otherwise = field.args.find((one) => one.name === name)?.defaultValue
    if (value) values.push(givenBy(value))
    else if (otherwise !== undefined) values.push(otherwise)
  }
  if (slicingArguments.length > 0 && requireOneSlicingArgument && values.length !== 1)
    throw new Refusal(
      'BAD_USER_INPUT',
      `${field.name}: give exactly one of ${slicingArguments.join(', ')}.`,
    )
  const longest = (given: readonly unknown[]): number => {
    const lengths = given.flatMap((one) =>
      typeof one === 'number' ? one : Array.isArray(one) ? one.length : [],
    )
    // What is negative is refused where it is read.
    const size = lengths.length > 0 ? Math.max(0, ...lengths) : (assumedSize ?? limits.pageSize)
    if (size > limits.pageSize)
      throw new Refusal(
        'BAD_USER_INPUT',
        `${field.name}: ask for at most ${limits.pageSize} at once.`,
      )
    return size
  }
  if (values.length === 0) return assumedSize
  if (values.every((value) => typeof value !== 'function')) return longest(values)
  return (variables) =>
    longest(values.map((value) => (typeof value === 'function' ? value(variables) : value)))
}

function givenBy(node: ValueNode): Known<unknown> {
  let varies = false
  visit(node, {
    Variable() {
      varies = true
    },
  })
  return varies
    ? (variables: Variables) => valueFromASTUntyped(node, variables)
    : valueFromASTUntyped(node)
}
