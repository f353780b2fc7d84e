import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import type { Selection } from '../../gateway/disclose/plan-rules.ts'
import { limits } from '../../kernel/limits.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { directiveArgument } from './directives.ts'
import { isIncluded, listSize } from './list-size.ts'
import { refuseBeyond } from './unfolded.ts'

export type Variables = Readonly<Record<string, unknown>>

interface Site {
  readonly node: FieldNode
  readonly field: GraphQLField<unknown, unknown>
  readonly parent: GraphQLObjectType
  readonly path: string
  readonly depth: number
  /** How many objects one parent has of it, and all parents together. */
  readonly size: number
  readonly multiplier: number
}

/** Walks one operation, place by place; fragments are walked where they are spread. */
export class DocumentWalk {
  readonly #schema: GraphQLSchema
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #operation: OperationDefinitionNode
  readonly #root: GraphQLObjectType

  constructor(
    schema: GraphQLSchema,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    operation: OperationDefinitionNode,
  ) {
    this.#schema = schema
    this.#fragments = fragments
    this.#operation = operation
    const root = schema.getRootType(operation.operation)
    if (!root) throw new Refusal('BAD_USER_INPUT', `This API has no ${operation.operation}s.`)
    this.#root = root
  }

  /** Bounds that hold whatever the variables say. */
  check(): void {
    let fields = 0
    for (const { depth } of this.#sites(null)) {
      if (depth > limits.queryDepth)
        throw new Refusal('QUERY_TOO_DEEP', `The query is deeper than ${limits.queryDepth} levels.`)
      fields += 1
      refuseBeyond(fields, limits.queryFields, 'fields')
    }
  }

  /** @throws Refusal BAD_USER_INPUT where it is a variable: the entry has to name what the document declares. */
  purpose(): string | null {
    const directive = this.#operation.directives?.find((one) => one.name.value === 'purpose')
    const value = directive?.arguments?.find((one) => one.name.value === 'is')?.value
    if (value && value.kind !== Kind.STRING)
      throw new Refusal('BAD_USER_INPUT', '@purpose(is: …) takes a literal, not a variable.')
    return value?.value ?? null
  }

  switches(): readonly string[] {
    const names = new Set<string>()
    const note = (selections: SelectionSetNode) => {
      for (const one of selections.selections) {
        for (const directive of one.directives ?? []) {
          const value = directive.arguments?.[0]?.value
          if (value?.kind === Kind.VARIABLE) names.add(value.name.value)
        }
        if ('selectionSet' in one && one.selectionSet) note(one.selectionSet)
      }
    }
    note(this.#operation.selectionSet)
    for (const fragment of this.#fragments.values()) note(fragment.selectionSet)
    return [...names].sort()
  }

  /** @param variables coerced: defaults are in it, and nothing that the operation does not define. */
  variable(name: string, variables: Variables): unknown {
    // Own properties only: a variable may be called `constructor`.
    return Object.hasOwn(variables, name) ? variables[name] : undefined
  }

  select(variables: Variables, documentId: string): Selection {
    const personal = new Map<string, { coordinate: string; path: string }>()
    const scopes = new Set<string>()
    const rootFields = new Set<string>()
    for (const { node, field, parent, path } of this.#sites(variables)) {
      const coordinate = `${parent.name}.${node.name.value}`
      if (directiveArgument(field, 'personal', 'category'))
        personal.set(`${coordinate} ${path}`, { coordinate, path })
      const needs = directiveArgument(field, 'scope', 'needs')
      if (needs) scopes.add(needs)
      if (parent === this.#root) rootFields.add(node.name.value)
    }
    return {
      operation: this.#operation.operation,
      operationName: this.#operation.name?.value ?? null,
      documentId,
      personal: [...personal.values()],
      scopes: [...scopes] as Selection['scopes'],
      rootFields: [...rootFields],
    }
  }

  /** Every place where an argument is given, variable or literal, whatever is skipped. */
  arguments(): readonly { readonly path: string; readonly node: ValueNode }[] {
    const places = new Map<ValueNode, string>()
    for (const { node } of this.#sites(null))
      for (const { name, value } of node.arguments ?? [])
        places.set(value, `${node.name.value}.${name.value}`)
    return [...places].map(([node, path]) => ({ path, node }))
  }

  /** @throws Refusal BAD_USER_INPUT where one list would be longer than a page. */
  cost(variables: Variables): number {
    let sum = 0
    for (const { field, size, multiplier } of this.#sites(variables)) {
      if (size > limits.pageSize)
        throw new Refusal(
          'BAD_USER_INPUT',
          `${field.name}: ask for at most ${limits.pageSize} at once.`,
        )
      if ('getFields' in getNamedType(field.type)) sum += multiplier
    }
    return sum
  }

  /** Every field that will be executed, once per place; without variables, every field that could be. */
  *#sites(variables: Variables | null): Generator<Site> {
    yield* this.#below(this.#operation.selectionSet, this.#root, '', 1, 1, variables)
  }

  *#below(
    set: SelectionSetNode,
    type: GraphQLNamedType,
    path: string,
    depth: number,
    multiplier: number,
    variables: Variables | null,
  ): Generator<Site> {
    for (const selection of set.selections) {
      if (variables && !isIncluded(selection, (name) => this.variable(name, variables))) continue
      if (selection.kind === Kind.FIELD) {
        yield* this.#field(selection, type, path, depth, multiplier, variables)
        continue
      }
      const fragment =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? this.#fragments.get(selection.name.value)
          : selection
      const on = fragment?.typeCondition
        ? this.#schema.getType(fragment.typeCondition.name.value)
        : type
      if (fragment && on)
        yield* this.#below(fragment.selectionSet, on, path, depth, multiplier, variables)
    }
  }

  *#field(
    node: FieldNode,
    type: GraphQLNamedType,
    path: string,
    depth: number,
    multiplier: number,
    variables: Variables | null,
  ): Generator<Site> {
    // Introspection is no data; Apollo refuses it where it is off.
    if (node.name.value.startsWith('__')) return
    for (const parent of this.#concrete(type)) {
      const field = parent.getFields()[node.name.value]
      if (!field) continue
      const name = node.alias?.value ?? node.name.value
      const here = path === '' ? name : `${path}.${name}`
      const size = listSize(node, field, (name) => this.variable(name, variables ?? {}))
      const times = multiplier * size
      yield { node, field, parent, path: here, depth, size, multiplier: times }
      if (node.selectionSet)
        yield* this.#below(
          node.selectionSet,
          getNamedType(field.type),
          here,
          depth + 1,
          times,
          variables,
        )
    }
  }

  /** An interface stands for each of its types: what is asked of Node is asked of Profile. */
  #concrete(type: GraphQLNamedType): readonly GraphQLObjectType[] {
    if (isObjectType(type)) return [type]
    return isAbstractType(type) ? this.#schema.getPossibleTypes(type) : []
  }
}
