import {
  type DocumentNode,
  type FieldNode,
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

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/**
 * All bounds on a document that nobody has validated yet: fragments may be missing, or spread themselves.
 * @throws Refusal QUERY_TOO_DEEP, TOO_MANY_FIELDS, TOO_MANY_ALIASES, TOO_MANY_DIRECTIVES
 */
export function checkDocumentBounds({ definitions }: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const one of definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one)
  const overlaps = new Overlaps(fragments)
  let fields = 0
  const check = (one: OperationDefinitionNode | FragmentDefinitionNode) => {
    fields += checkBounds(one, fragments)
    refuseBeyond(fields, limits.queryFields, 'TOO_MANY_FIELDS', 'fields')
    overlaps.count(one.selectionSet)
  }
  for (const one of definitions) if (one.kind === Kind.OPERATION_DEFINITION) check(one)
  // What no operation spreads is an error, and validated all the same.
  for (const [name, fragment] of fragments) if (!overlaps.spread.has(name)) check(fragment)
}

/**
 * Bounds on the shape of an operation that hold whatever its variables say. Fragments count where they are spread, by
 * what they hold; no name of a fragment, an operation or an alias exempts anything (in GHSA-733v-p3h5-qpq7 one did).
 * @returns how many fields and spreads it has.
 * @throws Refusal QUERY_TOO_DEEP, TOO_MANY_FIELDS, TOO_MANY_ALIASES, TOO_MANY_DIRECTIVES
 */
export function checkBounds(
  { directives, selectionSet }: OperationDefinitionNode | FragmentDefinitionNode,
  fragments: Fragments,
): number {
  const counts = { fields: 0, aliases: 0, directives: directives?.length ?? 0 }
  const within = new Set<string>()
  const visit = ({ selections }: SelectionSetNode, depth: number): void => {
    if (depth > limits.queryDepth)
      throw new Refusal('QUERY_TOO_DEEP', `The query is deeper than ${limits.queryDepth} levels.`)
    for (const node of selections) {
      count(node, counts)
      if (node.kind === Kind.FRAGMENT_SPREAD) spread(node.name.value, depth)
      else if (node.selectionSet) visit(node.selectionSet, depthBelow(node, depth))
    }
  }
  const spread = (name: string, depth: number): void => {
    const fragment = fragments.get(name)
    // A circle is for validation to name.
    if (!fragment || within.has(name)) return
    within.add(name)
    visit(fragment.selectionSet, depth)
    within.delete(name)
  }
  visit(selectionSet, 1)
  return counts.fields
}

/**
 * How many pairs of fields, and of spreads, have one place in the answer: validation compares each of them, and what is
 * below it, so a few hundred fields of one name are a tenth of a second. Ends where `checkBounds` passed before.
 */
class Overlaps {
  /** Fragments met so far. */
  readonly spread = new Set<string>()
  readonly #fragments: Fragments
  #pairs = 0

  constructor(fragments: Fragments) {
    this.#fragments = fragments
  }

  /** @throws Refusal TOO_MANY_FIELDS */
  count(root: SelectionSetNode): void {
    this.#at([{ set: root, within: null }])
  }

  #at(places: readonly Place[]): void {
    const here: Here = { names: new Map(), spread: new Set(), below: new Map() }
    for (const place of places) this.#visit(place, here)
    for (const one of here.below.values()) this.#at(one)
  }

  #visit({ set, within }: Place, here: Here): void {
    for (const node of set.selections)
      if (node.kind === Kind.INLINE_FRAGMENT) this.#visit({ set: node.selectionSet, within }, here)
      else if (node.kind === Kind.FRAGMENT_SPREAD) this.#spread(node.name.value, within, here)
      else this.#field(node, within, here)
  }

  #spread(name: string, within: Within, here: Here): void {
    this.#meet(SPREAD, here)
    const fragment = this.#fragments.get(name)
    if (!fragment || here.spread.has(name) || liesIn(within, name)) return
    here.spread.add(name)
    this.spread.add(name)
    this.#visit({ set: fragment.selectionSet, within: { name, within } }, here)
  }

  #field({ alias, name: { value }, selectionSet: set }: FieldNode, within: Within, here: Here) {
    const name = alias?.value ?? value
    this.#meet(name, here)
    if (!set) return
    const others = here.below.get(name)
    if (others) others.push({ set, within })
    else here.below.set(name, [{ set, within }])
  }

  #meet(name: string, { names }: Here): void {
    const others = names.get(name) ?? 0
    names.set(name, others + 1)
    this.#pairs += others
    if (this.#pairs > limits.queryOverlaps)
      throw new Refusal('TOO_MANY_FIELDS', 'The query asks for the same fields too many times.')
  }
}

/** One place of the answer: what was met there how often, and what lies below. */
interface Here {
  readonly names: Map<string, number>
  readonly spread: Set<string>
  readonly below: Map<string, Place[]>
}

/** A selection set, and the fragments that led to it, innermost first: a circle goes no further. */
interface Place {
  readonly set: SelectionSetNode
  readonly within: Within
}

type Within = { readonly name: string; readonly within: Within } | null

function liesIn(within: Within, name: string): boolean {
  return within !== null && (within.name === name || liesIn(within.within, name))
}

/** No name of a field. */
const SPREAD = '...'

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
