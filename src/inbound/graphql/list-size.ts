import {
  type FieldNode,
  type GraphQLField,
  getNullableType,
  isListType,
  Kind,
  type SelectionNode,
  valueFromASTUntyped,
} from 'graphql'

/** The value of a variable, its default included. */
export type ReadVariable = (name: string) => unknown

/** Lists without a size of their own: a person has about so many memberships, events, identities. */
const ASSUMED_LIST = 10
/** What a connection returns when no number is named. */
const ASSUMED_PAGE = 20
/** Lists whose size the field above them has named already. */
const UNDER_CONNECTION: ReadonlySet<string> = new Set(['edges', 'recommendations'])

/** How many objects a field may return: `first`, the length of `ids` or `keys`, or an assumed number. */
export function listSize(
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  variable: ReadVariable,
): number {
  const argument = (name: string) => {
    const value = node.arguments?.find((one) => one.name.value === name)?.value
    if (!value) return undefined
    return value.kind === Kind.VARIABLE ? variable(value.name.value) : valueFromASTUntyped(value)
  }
  const first = argument('first')
  if (typeof first === 'number') return Math.max(1, first)
  const ids = argument('ids') ?? argument('keys')
  if (Array.isArray(ids)) return Math.max(1, ids.length)
  if (field.args.some((one) => one.name === 'first')) return ASSUMED_PAGE
  return isListType(getNullableType(field.type)) && !UNDER_CONNECTION.has(field.name)
    ? ASSUMED_LIST
    : 1
}

/** Whether `@skip` and `@include` let a selection be executed. */
export function isIncluded(selection: SelectionNode, variable: ReadVariable): boolean {
  for (const directive of selection.directives ?? []) {
    const name = directive.name.value
    if (name !== 'skip' && name !== 'include') continue
    const value = directive.arguments?.[0]?.value
    const on =
      value?.kind === Kind.VARIABLE
        ? variable(value.name.value) === true
        : value?.kind === Kind.BOOLEAN && value.value
    if (name === 'skip' ? on : !on) return false
  }
  return true
}
