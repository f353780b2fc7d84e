import {
  DirectiveLocation,
  GraphQLDirective,
  GraphQLEnumType,
  type GraphQLField,
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
