import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql'
import { Refusal } from '../../kernel/refusal.ts'
import { checkDocumentBounds } from './bounds.ts'
import { refusedWhole } from './errors.ts'

/**
 * What is wrong with a document before it is executed. Its bounds come first, as validation of what is beyond them takes a
 * hundred times as long as an answer; then the first thing that GraphQL finds, where it stops: a hundred errors are work
 * and length that a caller gets for a few characters.
 * @param suggests whether names of the schema that resemble a wrong one are told.
 * @returns null where it is valid.
 */
export function firstError(
  schema: GraphQLSchema,
  document: DocumentNode,
  { suggests }: { readonly suggests: boolean },
): GraphQLError | null {
  try {
    checkDocumentBounds(document)
    validate(schema, document, RULES, { hideSuggestions: !suggests })
    return null
  } catch (error) {
    if (error instanceof Refusal) return refusedWhole(error)
    if (error instanceof GraphQLError) return error
    throw error
  }
}

/** All rules share one context. `maxErrors` would go on to the next error, and say then that there are too many. */
const stopAtTheFirst: ValidationRule = (context) => {
  context.reportError = ({ message, nodes }) => {
    const extensions = { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } }
    throw new GraphQLError(message, { nodes: nodes ?? null, extensions })
  }
  return {}
}

const RULES: readonly ValidationRule[] = [stopAtTheFirst, ...specifiedRules]
