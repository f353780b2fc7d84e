import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  valueFromASTUntyped,
} from 'graphql'
import type { Selection } from '../../gateway/disclose/plan-rules.ts'
import type { GivenArgument } from '../../gateway/scope/argument-hashes.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { DocumentWalk, type Variables } from './document-walk.ts'
import { refuseUnbounded } from './unfolded.ts'

/** A document's operation, worked out once: what it touches and what it may cost with given variables. */
export interface Analysis {
  readonly operation: OperationDefinitionNode
  readonly purpose: string | null
  /** The selection under these variables, coerced, and a key that tells it from the operation's others; remembered. */
  selection(variables: Variables): { readonly selection: Selection; readonly key: string }
  /** What is given as arguments, in variables and in the document itself. */
  given(variables: Variables): readonly GivenArgument[]
  /** Estimated units: one per object, multiplied by the sizes of lists. */
  cost(variables: Variables): number
}

const REMEMBERED_SELECTIONS = 64
/** Costs depend on how long the lists are, and there are few lengths. */
const REMEMBERED_COSTS = 64

/**
 * Analyses one operation of a validated document.
 * @throws Refusal BAD_USER_INPUT, QUERY_TOO_DEEP, QUERY_TOO_COSTLY (aliases, directives)
 */
export function analyse(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null,
  documentId: string,
): Analysis {
  const operation = operationOf(document, operationName)
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const one of document.definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one)
  const walk = new DocumentWalk(schema, fragments, operation)
  refuseUnbounded(operation, fragments)
  walk.check()
  const switches = walk.switches()
  const places = walk.arguments()
  const remembered = new Map<string, Selection>()
  const costs = new Map<string, number>()
  return {
    operation,
    purpose: walk.purpose(),
    selection(variables) {
      const key = JSON.stringify(switches.map((name) => walk.variable(name, variables) ?? null))
      const known = remembered.get(key)
      if (known) return { selection: known, key }
      if (remembered.size >= REMEMBERED_SELECTIONS) remembered.clear()
      const selection = walk.select(variables, documentId)
      remembered.set(key, selection)
      return { selection, key }
    },
    given: (variables) =>
      places.map(({ path, node }) => ({ path, value: valueFromASTUntyped(node, variables) })),
    cost(variables) {
      const key = sizesOf(variables)
      const known = costs.get(key)
      if (known !== undefined) return known
      if (costs.size >= REMEMBERED_COSTS) costs.clear()
      const cost = walk.cost(variables)
      costs.set(key, cost)
      return cost
    },
  }
}

function operationOf(document: DocumentNode, name: string | null): OperationDefinitionNode {
  const operations = document.definitions.filter(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  )
  const found = name === null ? operations : operations.filter((one) => one.name?.value === name)
  const [only] = found
  if (!only || found.length > 1)
    throw new Refusal('BAD_USER_INPUT', 'Name one operation of the document in "operationName".')
  return only
}

/** All of the variables that a cost can depend on: numbers, switches, lengths of lists. No value of a person is kept. */
function sizesOf(variables: Variables): string {
  let key = ''
  for (const [name, value] of Object.entries(variables)) {
    const counts = typeof value === 'number' || typeof value === 'boolean'
    key += `${name}=${Array.isArray(value) ? `[${value.length}]` : counts ? value : ''},`
  }
  return key
}
