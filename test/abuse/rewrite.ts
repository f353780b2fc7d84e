import {
  type FieldNode,
  type FragmentDefinitionNode,
  isCompositeType,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { schema } from '../schema-walk.ts'

/** The same question in other words. */
export interface Rewritten {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** Below the bounds that the gateway has for aliases and directives, whatever is chosen. */
const MOST_ALIASES = 12
const MOST_DIRECTIVES = 12

const name = (value: string) => ({ kind: Kind.NAME, value }) as const
const variable = (value: string) => ({ kind: Kind.VARIABLE, name: name(value) }) as const
const typename: FieldNode = { kind: Kind.FIELD, name: name('__typename') }

/**
 * Rewrites a query by chance: fields under other names, in another order, in fragments within fragments, asked for in two
 * parts, switched on and off by variables; ids as variables. What it means stays the same.
 */
export function rewritten(query: string, choices: readonly number[]): Rewritten {
  let turn = 0
  let aliases = 0
  let directives = 0
  const next = (below: number) => (choices[turn++ % choices.length] ?? 0) % below
  const fragments: FragmentDefinitionNode[] = []
  const variables: Record<string, unknown> = { yes: true, no: false }
  const declared: Record<string, string> = { yes: 'Boolean!', no: 'Boolean!' }
  const set = (selections: readonly SelectionNode[]): SelectionSetNode => ({
    kind: Kind.SELECTION_SET,
    selections,
  })
  const switched = (selections: readonly SelectionNode[], on: string): SelectionNode => {
    const literal = { kind: Kind.BOOLEAN, value: next(2) === 0 } as const
    directives += 1
    return {
      kind: Kind.INLINE_FRAGMENT,
      typeCondition: { kind: Kind.NAMED_TYPE, name: name(on) },
      selectionSet: set(selections),
      directives: [
        {
          kind: Kind.DIRECTIVE,
          name: name(literal.value ? 'include' : 'skip'),
          arguments: [
            {
              kind: Kind.ARGUMENT,
              name: name('if'),
              value: next(2) === 0 ? literal : variable(literal.value ? 'yes' : 'no'),
            },
          ],
        },
      ],
    }
  }
  const spread = (selections: readonly SelectionNode[], on: string): SelectionNode => {
    const of = `F${fragments.length}`
    fragments.push({
      kind: Kind.FRAGMENT_DEFINITION,
      name: name(of),
      typeCondition: { kind: Kind.NAMED_TYPE, name: name(on) },
      selectionSet: set(selections),
    })
    return { kind: Kind.FRAGMENT_SPREAD, name: name(of) }
  }
  const inline = (selections: readonly SelectionNode[], on: string): SelectionNode => ({
    kind: Kind.INLINE_FRAGMENT,
    typeCondition: { kind: Kind.NAMED_TYPE, name: name(on) },
    selectionSet: set(selections),
  })
  /** In two parts, each of which goes on in another way. */
  const parted = (selections: readonly SelectionNode[], on: string): SelectionNode[] => {
    const at = next(selections.length)
    return [spread(selections.slice(0, at + 1), on), inline(selections.slice(at), on)]
  }
  const ways: ((selections: readonly SelectionNode[], on: string) => SelectionNode[])[] = [
    (selections) => [...selections],
    (selections) => [...selections].reverse(),
    (selections) => [typename, ...selections],
    (selections, on) => [
      directives < MOST_DIRECTIVES ? switched(selections, on) : inline(selections, on),
    ],
    (selections, on) => [spread(selections, on)],
    (selections, on) => [spread([inline(selections, on), typename], on)],
    parted,
  ]
  const types = new TypeInfo(schema)
  const changed = visit(
    parse(query),
    visitWithTypeInfo(types, {
      StringValue(node, key) {
        if (key !== 'value' || next(2) === 0) return undefined
        const of = `v${Object.keys(variables).length}`
        variables[of] = node.value
        declared[of] = String(types.getInputType())
        return variable(of)
      },
      Field(node) {
        if (node.alias || aliases >= MOST_ALIASES || next(5) !== 0) return undefined
        aliases += 1
        return { ...node, alias: name(`a${aliases}_${node.name.value}`) }
      },
      SelectionSet: {
        leave(node) {
          const type = types.getParentType()
          if (!isCompositeType(type)) return undefined
          const way = ways[next(ways.length)]
          return way ? set(way(node.selections, type.name)) : undefined
        },
      },
    }),
  )
  const [operation] = changed.definitions as OperationDefinitionNode[]
  const text = [print(operation as OperationDefinitionNode), ...fragments.map(print)].join('\n')
  const used = Object.keys(declared).filter((of) => text.includes(`$${of})`))
  const head = used.map((of) => `$${of}: ${declared[of]}`).join(', ')
  return {
    query: `${head && `query (${head}) `}${text}`,
    variables: Object.fromEntries(used.map((of) => [of, variables[of]])),
  }
}

/** Names as they were before: without those that were given, and without what was asked besides. */
export function asAsked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asAsked)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '__typename')
      .map(([key, one]) => [pathAsAsked(key), asAsked(one)]),
  )
}

export const pathAsAsked = (path: string) => path.replaceAll(/\ba\d+_/g, '')
