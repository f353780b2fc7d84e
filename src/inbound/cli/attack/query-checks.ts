import { createHash } from 'node:crypto'
import {
  type Answer,
  anyOf,
  asked,
  type Check,
  dataIn,
  errorsIn,
  notRefused,
  tellsInsides,
} from './check.ts'

const BEYOND_ALL_LIMITS = 1_000
const repeated = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ')

/** Each fragment spreads the next one twice: 2^60 fields in sixty short lines. @param first name of the outermost. */
function bomb(first: string): string {
  const name = (n: number) => (n === 0 ? first : `F${n}`)
  return `{ ...${first} } ${repeated(60, (n) => `fragment ${name(n)} on Query { ...${name(n + 1)} ...${name(n + 1)} }`)} fragment F60 on Query { __typename }`
}

const nestedTypes = `{ __schema { types ${'{ fields { type '.repeat(10)}{ name }${' } }'.repeat(10)} } }`

const tellsOf =
  (words: RegExp, what: string): Check['wrong'] =>
  ({ body }: Answer) =>
    words.test(body) ? `it ${what}` : null

/** A query that has to be refused. */
const refused = (name: string, claim: string, query: string): Check => ({
  name,
  claim,
  sent: (target) => [asked(target, { query })],
  wrong: anyOf(notRefused, tellsInsides),
})

const CANARY = 'bautaattackcanary'

/** What is wrong with documents, and what they ask too much of. */
export const queryChecks: readonly Check[] = [
  {
    name: 'introspection',
    claim: 'The schema is not told.',
    sent: (target) => [
      asked(target, { query: '{ __schema { queryType { name } } }' }),
      asked(target, { query: '{ __type(name: "Query") { fields { name } } }' }),
    ],
    wrong: ({ body }) => (dataIn(body) === null ? null : 'the schema is told'),
  },
  {
    name: 'suggestions',
    claim: 'A field that is spelt wrongly is not put right.',
    sent: (target) => [
      asked(target, { query: '{ viewr { client } }' }),
      asked(target, { query: '{ viewer { clint } }' }),
      asked(target, {
        query: 'query ($p: PurposeInput) { profle(a: $p) { id } }',
        variables: { p: { purpos: 1 } },
      }),
    ],
    wrong: tellsOf(/did you mean/i, 'suggests names'),
  },
  refused('circular-introspection', 'The schema can not be walked in circles.', nestedTypes),
  refused(
    'aliases',
    'A field can not be asked for under a thousand names.',
    `{ ${repeated(BEYOND_ALL_LIMITS, (n) => `a${n}: __typename`)} }`,
  ),
  refused(
    'directives',
    'Directives can not be piled up.',
    `{ ${repeated(100, () => '... @include(if: true) { __typename }')} }`,
  ),
  {
    name: 'duplicate-directives',
    claim: 'However much is wrong with a document, one error is told.',
    sent: (target) => [asked(target, { query: `{ __typename ${repeated(10, () => '@aa')} }` })],
    wrong: anyOf(notRefused, ({ body }) =>
      errorsIn(body) > 1 ? 'every one of many errors is told' : null,
    ),
  },
  refused(
    'depth',
    'Fields can not be nested without end.',
    `{ ${'a { '.repeat(BEYOND_ALL_LIMITS)}b${' }'.repeat(BEYOND_ALL_LIMITS)} }`,
  ),
  refused('tokens', 'A document has an end.', `{ ${repeated(20_000, () => '__typename')} }`),
  refused('fragment-bomb', 'Fragments that double are not unfolded.', bomb('F0')),
  refused(
    'fragment-bomb-by-another-name',
    'A name that begins with __ is no way around limits (GHSA-733v-p3h5-qpq7).',
    bomb('__schema'),
  ),
  refused(
    'fragment-circle',
    'Fragments that spread themselves are refused.',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
  ),
  refused(
    'cost',
    'A page of a million rows is refused.',
    '{ items(first: 1000000) { edges { node { id } } } }',
  ),
  {
    name: 'batching',
    claim: 'A list of queries is no query.',
    sent: (target) => [
      asked(
        target,
        Array.from({ length: 10 }, () => ({ query: '{ __typename }' })),
      ),
    ],
    wrong: notRefused,
  },
  {
    name: 'automatic-documents',
    claim: 'Nobody can register a document by sending it.',
    sent: (target) => {
      const query = '{ __typename }'
      const sha256Hash = createHash('sha256').update(query).digest('hex')
      const extensions = { persistedQuery: { version: 1, sha256Hash } }
      return [asked(target, { query, extensions }), asked(target, { extensions })]
    },
    wrong: ({ body }) => (dataIn(body) === null ? null : 'it was run'),
  },
  {
    name: 'raw-queries',
    claim: 'A partner runs no document that was not registered.',
    needs: "a partner's token and --partner",
    sent: (target) => (target.isPartner ? [asked(target, { query: '{ viewer { client } }' })] : []),
    wrong: notRefused,
  },
  {
    name: 'odd-types',
    claim: 'What has the wrong type is refused, and tells nothing of the inside.',
    sent: (target) =>
      [
        { query: {} },
        { query: 1 },
        { query: null },
        { query: ['{ __typename }'] },
        { query: 'query ($a: [ID!]!) { profiles(ids: $a) { id } }', variables: { a: { b: [] } } },
        { query: '{ viewer { client(a: $b) } }', variables: [] },
        { query: '{ __typename }', operationName: 'nobody' },
        '{',
        '"',
        '{"query":"{ __typename }","__proto__":{"a":1}}',
        Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      ].map((body) => asked(target, body)),
    wrong: anyOf(notRefused, tellsInsides),
  },
  {
    name: 'repeated-values',
    claim: 'A value that was sent does not come back in an error.',
    sent: (target) => [
      asked(target, {
        query: 'query ($id: ID!) { profile(id: $id) { id } }',
        variables: { id: { [CANARY]: CANARY } },
      }),
      asked(target, `{"query":"${CANARY}`),
    ],
    wrong: tellsOf(new RegExp(CANARY), 'repeats it'),
  },
  {
    name: 'tracing',
    claim: 'How long each field took is not told.',
    sent: (target) => [
      asked(target, { query: '{ viewer { client } }' }, { 'x-apollo-tracing': '1' }),
    ],
    wrong: tellsOf(/"(?:tracing|ftv1)"/, 'tells times'),
  },
]
