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

describe('the bounds on what a document comes to', () => {
  const refused = (code: string) => expect.objectContaining({ code })
  const analysed = (query: string) => () => analyse(schema, parse(query), null, 'document')
  const times = (count: number, text: string) => `${text} `.repeat(count)
  /** Sixty fragments, each of which spreads the next one twice. */
  const doubling = (innermost: string) =>
    Array.from({ length: 60 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)
      .concat(`fragment F60 on Query { ${innermost} } query { ...F0 }`)
      .join(' ')

  test('refuse fragments that double and hold nothing that a walk over fields would see', () => {
    for (const innermost of [
      '__typename',
      'me @skip(if: true) { name }',
      '__schema { __typename }',
    ])
      expect(analysed(doubling(innermost))).toThrow(refused(expect.stringMatching(/^TOO_MANY_/)))
  })

  test.each([
    ['aliases of __typename', limits.queryAliases, 'a: __typename', 'TOO_MANY_ALIASES'],
    [
      'directives on fragments',
      limits.queryDirectives,
      '... @include(if: true) { __typename }',
      'TOO_MANY_DIRECTIVES',
    ],
    ['__typename alone', limits.queryFields, '__typename', 'TOO_MANY_FIELDS'],
  ])('let the most allowed through and refuse one more: %s', (_what, most, text, code) => {
    expect(analysed(`{ ${times(most, text)} }`)).not.toThrow()
    expect(analysed(`{ ${times(most + 1, text)} }`)).toThrow(refused(code))
  })
})
