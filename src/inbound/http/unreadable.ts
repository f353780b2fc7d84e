import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { RefusalCode } from '../../kernel/refusal.ts'

/** Node's names for what went wrong before there was a request, and what is answered; anything else is 400. */
const ANSWERS: Readonly<Record<string, readonly [number, RefusalCode, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'REQUEST_TOO_SLOW', 'The request came too slowly.'],
  HPE_HEADER_OVERFLOW: [431, 'REQUEST_TOO_LARGE', 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'REQUEST_TOO_LARGE', 'The request is too large.'],
}
const OTHERWISE = [400, 'BAD_USER_INPUT', 'The request can not be read.'] as const

/**
 * Answers what is no HTTP, or came too slowly, and closes. Nothing is logged: the error holds the bytes that came, a token
 * among them.
 */
export function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [status, code, message] = ANSWERS[error.code ?? ''] ?? OTHERWISE
  const body = JSON.stringify({ code, message })
  // Part of an answer may have left already; then one more would be read as its end.
  if (socket.writable && socket.bytesWritten === 0)
    socket.write(
      [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        'connection: close',
        'content-type: application/json; charset=utf-8',
        `content-length: ${body.length}`,
        'cache-control: no-store',
        'x-content-type-options: nosniff',
        '',
        body,
      ].join('\r\n'),
    )
  socket.destroy()
}
