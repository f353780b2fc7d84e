/** One request as it is sent, byte for byte where that matters. */
export interface Sent {
  readonly method: string
  /** The target of the request line: a path with its query, or a whole address. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** What came back. */
export interface Answer {
  /** 0: the connection was closed without an answer. */
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Whom the checks ask, and as whom. */
export interface Target {
  readonly url: URL
  readonly token: string
  /** The token is a partner's, for whom only registered documents are run. */
  readonly isPartner: boolean
}

/** One attack. */
export interface Check {
  readonly name: string
  /** What has to hold, as a sentence. */
  readonly claim: string
  /** What a target lacks to which it does not apply. */
  readonly needs?: string
  /** None where it does not apply. */
  readonly sent: (target: Target) => readonly Sent[]
  /** What is wrong with an answer; null: nothing. */
  readonly wrong: (answer: Answer) => string | null
}

/** A request to `/graphql` as a client makes it. */
export function asked(
  { token }: Target,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Sent {
  return {
    method: 'POST',
    path: '/graphql',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...headers,
    },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  }
}

/** Anything but an answer of the kind 4xx that tells no data. */
export function notRefused({ status, body }: Answer): string | null {
  if (status === 0) return null
  if (status >= 500) return `it failed with ${status}`
  if (status < 400) return `it was answered with ${status}`
  return dataIn(body) === null ? null : `data came with ${status}`
}

/** Anything but that no valid credential was shown (RFC 6750 §3). */
export function notUnauthenticated(answer: Answer): string | null {
  const wrong = notRefused(answer)
  if (wrong !== null) return wrong
  if (answer.status !== 401) return `it was refused with ${answer.status} instead of 401`
  return answer.headers['www-authenticate'] === undefined ? 'it lacks WWW-Authenticate' : null
}

/** What is told under `data`, in one answer or in a list of them; null: nothing. */
export function dataIn(body: string): unknown {
  try {
    const told: unknown = JSON.parse(body)
    const answers = Array.isArray(told) ? told : [told]
    return answers.find((one) => (one as { data?: unknown } | null)?.data != null)?.data ?? null
  } catch {
    return null
  }
}

/** How many errors an answer tells. */
export function errorsIn(body: string): number {
  try {
    const { errors } = JSON.parse(body) as { readonly errors?: unknown }
    return Array.isArray(errors) ? errors.length : 0
  } catch {
    return 0
  }
}

/** What only a program's inside knows: places in code, statements, drivers. */
const INSIDES =
  /\bat .+[:(]\d+[:)]|node_modules|stacktrace|exception|\b(?:TypeError|SyntaxError|ReferenceError|QueryFailedError)\b|\bSELECT .+ FROM\b|ECONN|EACCES|\/src\/|\/dist\//i

export function tellsInsides({ body }: Answer): string | null {
  return INSIDES.test(body) ? 'it tells what is inside' : null
}

/** The first of several that finds something. */
export function anyOf(...all: readonly Check['wrong'][]): Check['wrong'] {
  return (answer) => {
    for (const wrong of all) {
      const found = wrong(answer)
      if (found !== null) return found
    }
    return null
  }
}
