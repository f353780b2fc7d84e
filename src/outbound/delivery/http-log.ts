import { LogUnreachableError, type WitnessedLog } from '../../domain/audit/witness.ts'

const TIMEOUT_MS = 20_000
/** A proof of a log of any size, or a note with a hundred signatures, is smaller. */
const MOST_BYTES = 64 * 1024

/** A log behind the routes that every gateway publishes under `/audit`. Nothing secret is sent, so no token is needed. */
export class HttpLog implements WitnessedLog {
  readonly #base: string

  /** @param url of the gateway, such as `https://gateway.example.com`. */
  constructor(url: string) {
    this.#base = url.replace(/\/+$/, '')
  }

  async checkpoint(): Promise<string> {
    return await this.#ask('/audit/checkpoint')
  }

  async consistency(from: number, to: number): Promise<readonly Uint8Array[]> {
    const path = `/audit/consistency?from=${from}&to=${to}`
    const { proof } = objectIn(path, await this.#ask(path))
    if (!Array.isArray(proof)) throw new LogUnreachableError(`${path} answered without a proof.`)
    return proof.map((hash) => Buffer.from(String(hash), 'base64'))
  }

  async submit(note: string): Promise<void> {
    await this.#ask('/audit/witness', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: note,
    })
  }

  async #ask(path: string, init: RequestInit = {}): Promise<string> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const response = await fetch(this.#base + path, { ...init, signal, redirect: 'error' })
      const text = await textOf(response)
      if (response.ok) return text
      throw new LogUnreachableError(`${path} answered with status ${response.status}.`)
    } catch (cause) {
      if (cause instanceof LogUnreachableError) throw cause
      // Why a fetch failed stands in the cause of its error.
      const { code, message } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException
      throw new LogUnreachableError(`${path} could not be asked: ${code ?? message}.`)
    }
  }
}

async function textOf({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body ?? []) {
    bytes += piece.length
    if (bytes > MOST_BYTES) throw new LogUnreachableError('The answer is longer than any can be.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function objectIn(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const told: unknown = JSON.parse(text)
    if (typeof told === 'object' && told !== null) return told as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new LogUnreachableError(`${path} answered with something else than JSON.`)
}
