import {
  DirectiveLocation,
  GraphQLBoolean,
  GraphQLDirective,
  GraphQLEnumType,
  type GraphQLField,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLString,
  Kind,
} from 'graphql'
import { Directive } from 'type-graphql'
import { categoryOf, isHighlySensitive } from '../../gateway/disclose/fields.ts'

export const Sensitivity = new GraphQLEnumType({
  name: 'Sensitivity',
  description: 'How much harm a disclosure could do.',
  values: {
    NORMAL: { description: 'Personal, not directly identifying.' },
    HIGH: { description: 'Directly identifying: kept in the vault, sealed per person.' },
  },
})

const required = { type: new GraphQLNonNull(GraphQLString) }

export const purposeDirective = new GraphQLDirective({
  name: 'purpose',
  description: 'Why the operation reads or changes personal data: a purpose of the policy.',
  locations: [DirectiveLocation.QUERY, DirectiveLocation.MUTATION, DirectiveLocation.SUBSCRIPTION],
  args: { is: required },
})

export const personalDirective = new GraphQLDirective({
  name: 'personal',
  description:
    'The field is personal data of this category: it is decided for every person and caller.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    category: required,
    sensitivity: { type: new GraphQLNonNull(Sensitivity), defaultValue: 'NORMAL' },
  },
})

export const scopeDirective = new GraphQLDirective({
  name: 'scope',
  description: 'The token needs this scope.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: { needs: required },
})

export const costDirective = new GraphQLDirective({
  name: 'cost',
  description: 'What it adds to the cost of a query, as a number (IBM GraphQL Cost Directives).',
  locations: [
    DirectiveLocation.ARGUMENT_DEFINITION,
    DirectiveLocation.ENUM,
    DirectiveLocation.FIELD_DEFINITION,
    DirectiveLocation.INPUT_FIELD_DEFINITION,
    DirectiveLocation.OBJECT,
    DirectiveLocation.SCALAR,
  ],
  args: { weight: required },
})

const names = { type: new GraphQLList(new GraphQLNonNull(GraphQLString)) }

export const listSizeDirective = new GraphQLDirective({
  name: 'listSize',
  description:
    'How long the list is at most, for the cost of a query (IBM GraphQL Cost Directives). Of a slicing argument that is a list its length counts.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    assumedSize: { type: GraphQLInt },
    slicingArguments: names,
    sizedFields: names,
    requireOneSlicingArgument: { type: GraphQLBoolean, defaultValue: true },
  },
})

/** What the field adds to the cost of a query each time it is resolved; absent: 1 for an object, 10 for a mutation. */
export function Costs(weight: number): ReturnType<typeof Directive> {
  return Directive(`@cost(weight: "${weight}")`)
}

/** A list that is never longer. */
export function AtMost(assumedSize: number): ReturnType<typeof Directive> {
  return Directive(`@listSize(assumedSize: ${assumedSize})`)
}

/** A list as long as one of the arguments says, or `otherwise` where it may be left out. */
export function AsLongAs(argument: string, otherwise?: number): ReturnType<typeof Directive> {
  return Directive(`@listSize(slicingArguments: ["${argument}"]${orElse(otherwise)})`)
}

/** Returns an object whose list has as many as `first` says, or `otherwise`. */
export function Paged(otherwise: number, list = 'edges'): ReturnType<typeof Directive> {
  return Directive(
    `@listSize(slicingArguments: ["first"], sizedFields: ["${list}"]${orElse(otherwise)})`,
  )
}

function orElse(size: number | undefined): string {
  return size === undefined ? '' : `, assumedSize: ${size}, requireOneSlicingArgument: false`
}

/** Marks a field as personal; its category comes from the field table, so that schema and doors can't drift apart. */
export function Personal(coordinate: string): ReturnType<typeof Directive> {
  const category = categoryOf(coordinate)
  if (category === undefined)
    throw new Error(`${coordinate} has no data category in gateway/disclose/fields.ts`)
  const sensitivity = isHighlySensitive(category) ? ', sensitivity: HIGH' : ''
  return Directive(`@personal(category: "${category}"${sensitivity})`)
}

/** The root field needs this scope. */
export function Needs(scope: string): ReturnType<typeof Directive> {
  return Directive(`@scope(needs: "${scope}")`)
}

/** An argument of a directive on a field's definition. */
export function directiveArgument(
  field: GraphQLField<unknown, unknown>,
  directive: string,
  argument: string,
): string | null {
  const node = field.astNode?.directives?.find((one) => one.name.value === directive)
  const value = node?.arguments?.find((one) => one.name.value === argument)?.value
  return value?.kind === Kind.STRING ? value.value : null
}
