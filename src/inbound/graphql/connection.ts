import type { Page } from '../../gateway/disclose/views.ts'

export interface Connection<T> {
  readonly edges: readonly { readonly node: T; readonly cursor: string }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

/** A page in Relay's shape. */
export function connectionOf<T, U>(page: Page<T>, shape: (node: T) => U): Connection<U> {
  const edges = page.edges.map(({ node, cursor }) => ({ node: shape(node), cursor }))
  return {
    edges,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}
