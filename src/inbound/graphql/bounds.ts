import {
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { limits } from '../../kernel/limits.ts'
import { Refusal, type RefusalCode } from '../../kernel/refusal.ts'

/** Under these the schema itself is read, and the query that tools ask for it is deeper than any about data. */
const ABOUT_THE_SCHEMA: ReadonlySet<string> = new Set(['__schema', '__type'])

/**
 * Bounds on the shape of an operation that hold whatever its variables say. Fragments count where they are spread, by
 * what they hold; no name of a fragment, an operation or an alias exempts anything (in GHSA-733v-p3h5-qpq7 one did).
 * @throws Refusal QUERY_TOO_DEEP, TOO_MANY_FIELDS, TOO_MANY_ALIASES, TOO_MANY_DIRECTIVES
 */
export function checkBounds(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): void {
  const counts = { fields: 0, aliases: 0, directives: operation.directives?.length ?? 0 }
  const visit = ({ selections }: SelectionSetNode, depth: number): void => {
    if (depth > limits.queryDepth)
      throw new Refusal('QUERY_TOO_DEEP', `The query is deeper than ${limits.queryDepth} levels.`)
    for (const node of selections) {
      count(node, counts)
      const below = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node
      if (below?.selectionSet) visit(below.selectionSet, depthBelow(node, depth))
    }
  }
  visit(operation.selectionSet, 1)
}

function count(
  node: SelectionNode,
  counts: { fields: number; aliases: number; directives: number },
): void {
  // Spreads count as well: fragments that hold nothing but two spreads of the next would double unseen.
  counts.fields += 1
  counts.aliases += node.kind === Kind.FIELD && node.alias ? 1 : 0
  counts.directives += node.directives?.length ?? 0
  refuseBeyond(counts.fields, limits.queryFields, 'TOO_MANY_FIELDS', 'fields')
  refuseBeyond(counts.aliases, limits.queryAliases, 'TOO_MANY_ALIASES', 'aliases')
  refuseBeyond(counts.directives, limits.queryDirectives, 'TOO_MANY_DIRECTIVES', 'directives')
}

function depthBelow(node: SelectionNode, depth: number): number {
  if (node.kind !== Kind.FIELD) return depth
  return ABOUT_THE_SCHEMA.has(node.name.value) ? Number.NEGATIVE_INFINITY : depth + 1
}

function refuseBeyond(count: number, most: number, code: RefusalCode, what: string): void {
  if (count > most) throw new Refusal(code, `The query has more than ${most} ${what}.`)
}
