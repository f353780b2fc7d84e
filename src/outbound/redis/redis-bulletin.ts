import { type Bulletin, type News, newsKinds } from '../../kernel/bulletin.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { InProcessBulletin } from './in-process-bulletin.ts'
import type { RedisLink } from './redis-link.ts'

/** Told in this process at once, and to all others through a channel of Redis, as long as there is one. */
export class RedisBulletin implements Bulletin {
  readonly #link: RedisLink
  readonly #channel: string
  /** Tells the own echo from what others say. */
  readonly #self: string
  readonly #here = new InProcessBulletin()
  /** Announcements of this process alone: a burst of them is one for the others, too. */
  readonly #own = new InProcessBulletin()

  constructor(link: RedisLink, randomness: Randomness) {
    this.#link = link
    this.#channel = `${link.prefix}:news`
    this.#self = Buffer.from(randomness.bytes(8)).toString('hex')
    for (const news of newsKinds) this.#own.listen(news, () => this.#publish(news))
    let subscribed = false
    const ready = async () => {
      // From then on the client subscribes again by itself, whenever it has a new connection.
      if (!subscribed) await link.subscriber.subscribe(this.#channel, (text) => this.#hear(text))
      subscribed = true
      // Whatever was announced before went past this gateway.
      for (const news of newsKinds) this.#here.announce(news)
    }
    const begin = () => void ready().catch(() => {})
    link.subscriber.on('ready', begin)
    if (link.subscriber.isReady) begin()
  }

  announce(news: News): void {
    this.#here.announce(news)
    this.#own.announce(news)
  }

  listen(news: News, listener: () => void): () => void {
    return this.#here.listen(news, listener)
  }

  #publish(news: News): void {
    this.#link.commands.publish(this.#channel, `${this.#self} ${news}`).catch(() => {})
  }

  #hear(text: string): void {
    const [who, said] = text.split(' ')
    const news = newsKinds.find((kind) => kind === said)
    if (news !== undefined && who !== this.#self) this.#here.announce(news)
  }
}
