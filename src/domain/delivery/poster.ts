/** Why nothing was answered. */
export type PostFailure = 'unreachable' | 'timeout' | 'forbidden_address' | 'answer_too_long'

export type PostOutcome = { readonly status: number } | { readonly failure: PostFailure }

/**
 * Posts to addresses that others chose. An implementation MUST speak https to public addresses alone, MUST connect to the
 * very address that it has looked at, MUST NOT follow a redirect, and MUST bound time and size. It never throws.
 */
export interface Poster {
  /** What speaks against an address, as far as its text tells; null: nothing. */
  objectionTo(url: string): string | null
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<PostOutcome>
}
