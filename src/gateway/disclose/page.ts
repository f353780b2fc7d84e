import { limits } from '../../kernel/limits.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Page } from './views.ts'

/** Rows of a page when the caller names no number. */
export const DEFAULT_PAGE = 20

/** @throws Refusal BAD_USER_INPUT when the number is negative or above the limit. */
export function pageSize(first: number | null, most: number = limits.pageSize): number {
  const size = first ?? DEFAULT_PAGE
  if (!Number.isInteger(size) || size < 0 || size > most) {
    throw new Refusal('BAD_USER_INPUT', `"first" must be a whole number from 0 to ${most}.`)
  }
  return size
}

/** A page from one row more than asked for: the extra one only says that there are more. */
export function pageOf<T, R>(
  rows: readonly R[],
  size: number,
  after: boolean,
  edge: (row: R) => { node: T; cursor: string } | null,
): Page<T> {
  const edges = rows.slice(0, size).flatMap((row) => edge(row) ?? [])
  return { edges, hasNextPage: rows.length > size, hasPreviousPage: after && size > 0 }
}
