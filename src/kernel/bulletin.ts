/**
 * What there may be to look at again: `changes`, the table of changes; `keys`, the key store; `definitions`, segments,
 * catalogue and recommender model.
 */
export const newsKinds = ['changes', 'keys', 'definitions'] as const
export type News = (typeof newsKinds)[number]

/** The least time between two tellings of the same news, in milliseconds: who hears of it reads something. */
export const NEWS_APART_MS = 20

/**
 * What gateways of one installation tell each other the moment it happens. News carry no data: they are hints to look
 * sooner at what is looked at anyway, so they may get lost, come twice or be forged.
 * An implementation MUST tell listeners of its own process whatever happens to the others, MUST NOT throw from
 * `announce` or wait in it, and MUST NOT tell a listener the same news more often than every NEWS_APART_MS: the last
 * announcement is told in any case.
 * A caller MUST announce after what it announces can be read, and MUST NOT rest on being told.
 */
export interface Bulletin {
  announce(news: News): void
  /** Calls end when the returned function has been called. */
  listen(news: News, listener: () => void): () => void
}
