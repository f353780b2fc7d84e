import fc from 'fast-check'
import { documentHash } from '../../../src/domain/access/trusted-document.ts'
import { readManifest } from '../../../src/inbound/cli/document-manifest.ts'
import { Refusal } from '../../../src/kernel/refusal.ts'

const texts = fc.uniqueArray(fc.string({ minLength: 1 }))
const drafts = texts.map((all) => all.map((text) => ({ id: documentHash(text), text })))

test('A manifest is read alike in both formats, whatever its documents say', () => {
  fc.assert(
    fc.property(drafts, (all) => {
      const operations = all.map(({ id, text }) => ({ id, name: 'X', type: 'query', body: text }))
      const apollo = { format: 'apollo-persisted-query-manifest', version: 1, operations }
      expect(readManifest(JSON.stringify(apollo))).toEqual(all)
      const map = Object.fromEntries(all.map(({ id, text }) => [id, text]))
      const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1)
      expect(readManifest(JSON.stringify(map)).toSorted(byId)).toEqual(all.toSorted(byId))
    }),
  )
})

test.each([
  'no JSON',
  '[]',
  'null',
  '{"a": 1}',
  '{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}',
  '{"format": "apollo-persisted-query-manifest", "version": 1}',
  '{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [null]}',
])('A file that is no manifest is refused with what one is: %s', (text) => {
  expect(() => readManifest(text)).toThrow(/Give Apollo's persisted query manifest/)
})

test('Any JSON is read or refused', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      try {
        for (const { id, text: document } of readManifest(text))
          expect([typeof id, typeof document]).toEqual(['string', 'string'])
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal)
      }
    }),
  )
})
