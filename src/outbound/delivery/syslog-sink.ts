import { connect, isIP, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import type { AuditSink, SinkRecord } from '../../domain/audit/audit-sink.ts'
import { isoInstant, SECOND } from '../../kernel/time.ts'
import { SinkError } from './sink-error.ts'

/** RFC 5424 §6.2.1: facility 13 (log audit), severity 6 (informational). */
const PRIORITY = 13 * 8 + 6
const TIMEOUT = 20 * SECOND

/**
 * RFC 5424 messages over TCP or TLS, counted in octets (RFC 6587 §3.4.1, RFC 5425). Syslog acknowledges nothing: taken over
 * is what this machine could hand to the connection. So after a connection has broken, the batch before is sent again.
 */
export class SyslogSink implements AuditSink {
  readonly #open: () => Socket
  readonly #host =
    hostname()
      .replaceAll(/[^!-~]/g, '')
      .slice(0, 255) || '-'
  #socket: Socket | null = null
  #unsure: readonly SinkRecord[] = []

  constructor({ host, port, tls }: { host: string; port: number; tls: boolean }) {
    // RFC 6066 §3: an address is no name to ask for; the certificate has to be for it all the same.
    const asked = isIP(host) === 0 ? { servername: host } : {}
    this.#open = tls ? () => connectTls({ host, port, ...asked }) : () => connect({ host, port })
  }

  async send(records: readonly SinkRecord[]): Promise<void> {
    const again = this.#socket === null ? this.#unsure : []
    this.#socket ??= await this.#connected()
    const frames = [...again, ...records].map((record) => this.#frameOf(record))
    await written(this.#socket, Buffer.concat(frames))
    this.#unsure = records
  }

  async close(): Promise<void> {
    this.#socket?.end()
    this.#socket = null
  }

  #frameOf({ time, entryId, line }: SinkRecord): Buffer {
    const message = `<${PRIORITY}>1 ${isoInstant(time)} ${this.#host} bauta - ${entryId.slice(0, 32) || '-'} - ${line}`
    const bytes = Buffer.from(message, 'utf8')
    return Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
  }

  async #connected(): Promise<Socket> {
    const socket = this.#open()
    const ready = 'encrypted' in socket ? 'secureConnect' : 'connect'
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(TIMEOUT, () => socket.destroy(new Error('timeout')))
      socket.once(ready, resolve)
      socket.once('error', (cause) =>
        reject(new SinkError('the receiver can not be reached', { cause })),
      )
    })
    socket.setTimeout(0)
    // Receivers say nothing; but only a socket that is read notices that it was closed.
    socket.resume()
    socket.on('error', () => {})
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = null
    })
    return socket
  }
}

async function written(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.write(bytes, (cause) =>
      cause ? reject(new SinkError('the connection broke', { cause })) : resolve(),
    )
  })
}
