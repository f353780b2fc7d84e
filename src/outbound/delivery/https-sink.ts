import type { AuditSink, SinkRecord } from '../../domain/audit/audit-sink.ts'
import { SECOND } from '../../kernel/time.ts'
import { SinkError } from './sink-error.ts'

const TIMEOUT = 20 * SECOND

/** Posts batches as NDJSON; taken over is what the receiver answers with 2xx. */
export class HttpsSink implements AuditSink {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  /** @param url user and password in it are sent as Basic credentials. */
  constructor(url: URL) {
    const { username, password } = url
    const bare = new URL(url)
    bare.username = ''
    bare.password = ''
    this.#url = bare.href
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    this.#headers = {
      'content-type': 'application/x-ndjson',
      ...(username === ''
        ? {}
        : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
    }
  }

  async send(records: readonly SinkRecord[]): Promise<void> {
    const status = await this.#post(records.map(({ line }) => `${line}\n`).join(''))
    if (status < 200 || status > 299) throw new SinkError(`the receiver answered ${status}`)
  }

  async close(): Promise<void> {}

  async #post(body: string): Promise<number> {
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: this.#headers,
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT),
      })
      await response.body?.cancel()
      return response.status
    } catch (cause) {
      throw new SinkError('the receiver can not be reached', { cause })
    }
  }
}
