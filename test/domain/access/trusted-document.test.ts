import fc from 'fast-check'
import {
  documentHash,
  documentIdOf,
  hashOfDocumentId,
} from '../../../src/domain/access/trusted-document.ts'

/** Persisted Documents, an appendix of GraphQL over HTTP (draft): the same query as written by hand and minified. */
test.each([
  [
    'query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}',
    'sha256:7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e',
  ],
  [
    'query($id:ID!){user(id:$id){name}}',
    'sha256:71f7dc5758652baac68e4a10c50be732b741c892ade2883a99358f52b555286b',
  ],
])('The id of a document is the hash of its exact text: %j', (text, id) => {
  expect(documentIdOf(documentHash(text))).toBe(id)
  expect(hashOfDocumentId(id)).toBe(documentHash(text))
})

test('Whatever is not sha256: and 64 small hex digits is no id of a document', () => {
  const hash = documentHash('')
  for (const other of [hash, `sha256:${hash}0`, `sha256:${hash.toUpperCase()}`, ` sha256:${hash}`])
    expect(hashOfDocumentId(other)).toBeNull()
  fc.assert(fc.property(fc.anything(), (other) => hashOfDocumentId(other) === null))
})
