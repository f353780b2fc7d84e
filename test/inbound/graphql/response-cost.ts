import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import type { Cost } from '../../../src/inbound/graphql/cost.ts'
import { fieldWeight, typeWeight } from '../../../src/inbound/graphql/weights.ts'

type Answered = Readonly<Record<string, unknown>>

/** What an answer has cost, told from its data (IBM GraphQL Cost Directives §5.1.3); for queries without fragments. */
export function responseCost(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  data: unknown,
): Cost {
  const sum = { field: 0, type: 0 }
  const visit = (value: Answered, set: SelectionSetNode, type: GraphQLObjectType): void => {
    sum.type += typeWeight(schema, type)
    for (const node of set.selections) {
      const field = node.kind === Kind.FIELD && type.getFields()[node.name.value]
      if (!field || node.kind !== Kind.FIELD) throw new Error('only fields of the schema')
      sum.field += fieldWeight(schema, type, field)
      const named = getNamedType(field.type)
      if (!node.selectionSet || !isObjectType(named)) continue
      for (const one of objectsIn(value[nameOf(node)])) visit(one, node.selectionSet, named)
    }
  }
  const root = schema.getRootType(operation.operation)
  if (!root) throw new Error('no such operation')
  for (const one of objectsIn(data)) visit(one, operation.selectionSet, root)
  return sum
}

const nameOf = ({ alias, name }: FieldNode): string => alias?.value ?? name.value

function objectsIn(value: unknown): readonly Answered[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn)
  return typeof value === 'object' && value !== null ? [value as Answered] : []
}
