import { GraphQLScalarType } from 'graphql'
import { GraphQLDateTime, GraphQLJSON } from 'graphql-scalars'
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
  description: 'Any JSON value.',
})
