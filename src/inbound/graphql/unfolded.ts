import type {
  FragmentDefinitionNode,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql'
import { limits } from '../../kernel/limits.ts'
import { Refusal } from '../../kernel/refusal.ts'

/** What a document comes to, fragments unfolded. */
interface Unfolded {
  fields: number
  aliases: number
  directives: number
}

/**
 * Refuses an operation that comes to more than the limits once its fragments are unfolded, without unfolding them: each is
 * counted once and added wherever it is spread. `__typename` and directives on fragments count as well; whoever walks over
 * the fields passes them by, and would never come back from fragments that hold nothing else and double at each level.
 * @param fragments of a validated document: none spreads itself.
 * @throws Refusal QUERY_TOO_COSTLY
 */
export function refuseUnbounded(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): void {
  const known = new Map<string, Unfolded>()
  const ofFragment = (name: string): Unfolded => {
    const fragment = fragments.get(name)
    const counted = known.get(name) ?? (fragment ? within(fragment.selectionSet) : nothing())
    known.set(name, counted)
    return counted
  }
  function within({ selections }: SelectionSetNode): Unfolded {
    const sum = nothing()
    for (const one of selections) {
      sum.directives += one.directives?.length ?? 0
      if (one.kind === 'Field') sum.fields += 1
      if (one.kind === 'Field' && one.alias) sum.aliases += 1
      const below = belowOf(one)
      sum.fields += below.fields
      sum.aliases += below.aliases
      sum.directives += below.directives
    }
    return sum
  }
  const belowOf = (one: SelectionNode): Unfolded => {
    if (one.kind === 'FragmentSpread') return ofFragment(one.name.value)
    return one.selectionSet ? within(one.selectionSet) : nothing()
  }
  const { fields, aliases, directives } = within(operation.selectionSet)
  refuseBeyond(fields, limits.queryFields, 'fields')
  refuseBeyond(aliases, limits.queryAliases, 'aliases')
  refuseBeyond(directives, limits.queryDirectives, 'directives')
}

export function refuseBeyond(count: number, most: number, what: string): void {
  if (count > most)
    throw new Refusal('QUERY_TOO_COSTLY', `The query has more than ${most} ${what}.`)
}

function nothing(): Unfolded {
  return { fields: 0, aliases: 0, directives: 0 }
}
