import { GraphQLError, GraphQLScalarType } from 'graphql'
import { GraphQLDateTime, GraphQLJSON } from 'graphql-scalars'
import { limits } from '../../kernel/limits.ts'
import { isoInstant } from '../../kernel/time.ts'

/** RFC 3339 instant in UTC. Inside, instants are epoch milliseconds, so a row costs no Date object. */
export const DateTime: GraphQLScalarType<number, string> = new GraphQLScalarType({
  name: 'DateTime',
  description: 'An instant in RFC 3339 form, in UTC: `2026-01-31T09:30:00.000Z`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => (typeof value === 'number' ? isoInstant(value) : String(value)),
  parseValue: (value) => GraphQLDateTime.parseValue(value).getTime(),
  parseLiteral: (node, variables) => GraphQLDateTime.parseLiteral(node, variables).getTime(),
})

export const Json = new GraphQLScalarType({
  ...GraphQLJSON.toConfig(),
  name: 'JSON',
  description: `Any JSON value, as an argument at most ${limits.jsonDepth} levels deep.`,
  parseValue: (value) => notTooDeep(value),
  parseLiteral: (node, variables) => notTooDeep(GraphQLJSON.parseLiteral(node, variables)),
})

/** Level by level, not by recursion: the value may be nested more deeply than a stack goes. */
function notTooDeep(value: unknown): unknown {
  let level = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.jsonDepth)
      throw new GraphQLError(`JSON may be nested ${limits.jsonDepth} levels deep.`)
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    )
  }
  return value
}
