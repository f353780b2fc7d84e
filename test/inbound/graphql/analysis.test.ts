import { buildSchema, parse } from 'graphql'
import { analyse } from '../../../src/inbound/graphql/analysis.ts'
import { limits } from '../../../src/kernel/limits.ts'

/** The gateway's own schema has no circle, so that none of its queries comes near the bound. */
const schema = buildSchema('type Query { me: Person } type Person { friend: Person name: String }')
const nested = (levels: number) =>
  `{ me ${'{ friend '.repeat(levels - 2)} { name } ${'}'.repeat(levels - 2)} }`

describe('the bound on the depth of a query', () => {
  const analysed = (query: string) => analyse(schema, parse(query), null, 'document')

  test('lets the deepest allowed through', () => {
    const { selection } = analysed(nested(limits.queryDepth)).selection({})
    expect(selection.rootFields).toEqual(['me'])
  })

  test('refuses one level more, and not for a fragment around it', () => {
    expect(() => analysed(nested(limits.queryDepth + 1))).toThrow(
      expect.objectContaining({ code: 'QUERY_TOO_DEEP' }),
    )
    const around = (query: string) => `fragment F on Query ${query} query { ...F ... { ...F } }`
    expect(() => analysed(around(nested(limits.queryDepth)))).not.toThrow()
    expect(() => analysed(around(nested(limits.queryDepth + 1)))).toThrow(
      expect.objectContaining({ code: 'QUERY_TOO_DEEP' }),
    )
  })
})
