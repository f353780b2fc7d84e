import { type DocumentNode, visit } from 'graphql'

/** Whether a document asks what the schema is. `__typename` tells of the answer only. */
export function introspects(document: DocumentNode): boolean {
  let found = false
  visit(document, {
    Field({ name: { value } }) {
      if (value === '__schema' || value === '__type') found = true
    },
  })
  return found
}
