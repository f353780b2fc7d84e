import { GraphQLError, type GraphQLSchema, Kind, parse } from 'graphql'
import type { InspectDocument, OperationFacts } from '../../gateway/govern/trusted-documents.ts'
import { limits } from '../../kernel/limits.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { analyse } from './analysis.ts'
import { unitsOf } from './cost.ts'
import { refusalOf } from './errors.ts'
import { introspects } from './introspection.ts'
import { firstError } from './validation.ts'

/** Reads documents that are to be registered: what would be refused whenever it is sent, is refused now. */
export function inspectDocument(schema: GraphQLSchema): InspectDocument {
  return (text, id) => {
    const document = parsed(text)
    const error = firstError(schema, document, { suggests: true })
    if (error) throw refusalOf(error) ?? new Refusal('BAD_USER_INPUT', error.message)
    if (introspects(document))
      throw new Refusal(
        'BAD_USER_INPUT',
        'it asks what the schema is; leave __schema and __type out.',
      )
    const operations = document.definitions.flatMap((one) =>
      one.kind === Kind.OPERATION_DEFINITION ? [one.name?.value ?? null] : [],
    )
    return operations.map((name): OperationFacts => {
      const { purpose, selection, cost } = analyse(schema, document, name, id)
      if (unitsOf(cost({})) > limits.queryCost)
        throw new Refusal(
          'QUERY_TOO_COSTLY',
          'it asks for too much at once; ask for smaller pages.',
        )
      return { name, purpose, isPersonal: selection({}).selection.personal.length > 0 }
    })
  }
}

function parsed(text: string) {
  try {
    return parse(text, { maxTokens: limits.queryTokens })
  } catch (error) {
    if (error instanceof GraphQLError) throw new Refusal('BAD_USER_INPUT', error.message)
    throw error
  }
}
