import { RunningGateway } from '../running-gateway.ts'
import { type RawAnswer, requestText, sendRaw } from './raw-socket.ts'

export const SHOP = 'https://shop.example'
export const OTHER = 'https://other.example'
export const QUERY = JSON.stringify({ query: '{ viewer { client } }' })
/** What must come back in no answer and stand in no line of the log. */
export const CANARY = 'c4n4ry'
export const JSON_TYPE = { 'content-type': 'application/json' }

/** A gateway with two shops whose pages have origins of their own, asked byte by byte. */
export class Surface {
  readonly running: RunningGateway
  readonly shop: string
  readonly other: string

  private constructor(running: RunningGateway, shop: string, other: string) {
    this.running = running
    this.shop = shop
    this.other = other
  }

  static async open(): Promise<Surface> {
    const running = await RunningGateway.start({ BAUTA_ALLOWED_ORIGINS: 'https://house.example' })
    const shop = await running.client({ id: 'shop', roles: ['frontend'], origins: [SHOP] })
    const other = await running.client({ id: 'other', roles: ['frontend'], origins: [OTHER] })
    return new Surface(running, shop, other)
  }

  get bearer(): Record<string, string> {
    return { authorization: `Bearer ${this.shop}` }
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(`${this.running.origin}${path}`, init)
  }

  async raw(line: string, headers: Record<string, string> = {}, body = ''): Promise<RawAnswer> {
    return await this.bytes([requestText(line, headers, body)])
  }

  async bytes(pieces: Iterable<string | Buffer>): Promise<RawAnswer> {
    return await sendRaw(this.running.origin, pieces)
  }
}

/** The code of an answer in any of its forms. */
export function codeIn(body: string): unknown {
  const told = JSON.parse(body) as {
    code?: string
    errors?: readonly { extensions: { code: string } }[]
  }
  return told.code ?? told.errors?.[0]?.extensions.code
}
