import { createClient } from '@redis/client'
import { SECOND } from '../../kernel/time.ts'

/** A server that is up answers within a fraction of it; whoever starts waits no longer than that for one that is not. */
const CONNECT_WITHIN_MS = 2 * SECOND
/** A server that hangs is left after this time; it is pinged four times meanwhile. */
const SILENT_MS = 4 * SECOND
const RETRY_AT_MOST_MS = SECOND
/** Commands that wait for a server that hangs; what comes then is not sent. */
const MOST_WAITING = 1_000

function clientOf(url: string) {
  return createClient({
    url,
    // What can not be sent now is of no use later.
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_WAITING,
    pingInterval: SILENT_MS / 4,
    socket: {
      connectTimeout: CONNECT_WITHIN_MS,
      socketTimeout: SILENT_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, RETRY_AT_MOST_MS),
    },
    maintNotifications: 'disabled',
  })
}

/**
 * The connections to one Redis server: one for commands, one for what others publish. While the server is gone they try
 * for ever, and commands fail at once.
 */
export class RedisLink {
  readonly commands: ReturnType<typeof clientOf>
  readonly subscriber: ReturnType<typeof clientOf>
  /** Begins the name of every key and channel: several installations may share a server. */
  readonly prefix: string

  /** Waits a moment for the server, and goes on without it. */
  static async open(url: string, prefix: string): Promise<RedisLink> {
    const link = new RedisLink(url, prefix)
    const tried = [link.commands, link.subscriber].map(
      async (client) => await client.connect().catch(() => {}),
    )
    let late: NodeJS.Timeout | undefined
    const enough = new Promise((resolve) => {
      late = setTimeout(resolve, CONNECT_WITHIN_MS)
    })
    await Promise.race([Promise.all(tried), enough])
    clearTimeout(late)
    return link
  }

  private constructor(url: string, prefix: string) {
    this.prefix = prefix
    this.commands = clientOf(url)
    this.subscriber = clientOf(url)
    // Without a listener a connection that breaks would end the process; `isUp` says it to whoever asks.
    for (const client of [this.commands, this.subscriber]) client.on('error', () => {})
  }

  get isUp(): boolean {
    return this.commands.isReady && this.subscriber.isReady
  }

  close(): void {
    for (const client of [this.commands, this.subscriber]) if (client.isOpen) client.destroy()
  }
}
