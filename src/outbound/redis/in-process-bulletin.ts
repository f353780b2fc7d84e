import { type Bulletin, NEWS_APART_MS, type News } from '../../kernel/bulletin.ts'

/** Told in this process alone: enough where there is one gateway. */
export class InProcessBulletin implements Bulletin {
  readonly #desks = new Map<News, Desk>()

  announce(news: News): void {
    this.#desk(news).announce()
  }

  listen(news: News, listener: () => void): () => void {
    return this.#desk(news).listen(listener)
  }

  #desk(news: News): Desk {
    const known = this.#desks.get(news)
    if (known) return known
    const desk = new Desk()
    this.#desks.set(news, desk)
    return desk
  }
}

/** The listeners of one kind of news: told at once, and of a burst once more at its end. */
class Desk {
  readonly #listeners = new Set<() => void>()
  #quiet: NodeJS.Timeout | null = null
  #again = false

  listen(listener: () => void): () => void {
    // A subscription of its own, even if the same function listens twice.
    const own = () => listener()
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  announce(): void {
    if (this.#quiet !== null) {
      this.#again = true
      return
    }
    this.#again = false
    this.#quiet = setTimeout(() => {
      this.#quiet = null
      if (this.#again) this.announce()
    }, NEWS_APART_MS).unref()
    for (const listener of this.#listeners) {
      try {
        listener()
      } catch {
        // One listener's fault must not keep the others from hearing.
      }
    }
  }
}
