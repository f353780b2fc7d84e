import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TokenQuestion } from '../../gateway/govern/asked-token.ts'
import { OAuthError } from '../../gateway/govern/oauth-error.ts'
import type { ClientProof } from '../../gateway/govern/token-client.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { credentialsOf } from './credentials.ts'
import { answerError } from './problem.ts'

const FORM = 'application/x-www-form-urlencoded'
const FORM_BYTES = 16 * 1024
/** Whoever is told that too many log in at once comes back when those are through: a hundred take two seconds. */
const RETRY_AFTER_SECONDS = 2

/** Makes the addresses of `app` take forms, and answer errors in the terms of RFC 6749 §5.2. */
export function takeForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    FORM,
    { parseAs: 'string', bodyLimit: FORM_BYTES },
    (_request, body, done) => {
      try {
        done(null, formOf(String(body)))
      } catch (error) {
        done(error as Error)
      }
    },
  )
  app.setErrorHandler(answerOAuthError)
}

/** What a request says: its form, and who sends it. @throws OAuthError invalid_request */
export function questionOf(request: FastifyRequest): TokenQuestion {
  const form =
    request.body instanceof Map ? (request.body as Map<string, string>) : new Map<string, string>()
  return { requestId: request.id, form, proof: proofOf(request, form) }
}

/** Parameters that occur twice could mean two things (RFC 6749 §3.2). */
function formOf(body: string): Map<string, string> {
  const form = new Map<string, string>()
  const seen = new Set<string>()
  for (const [name, value] of new URLSearchParams(body)) {
    if (seen.has(name)) throw new OAuthError('invalid_request', 'A parameter stands twice.')
    seen.add(name)
    // One without a value counts as left out (RFC 6749 §3.2).
    if (value !== '') form.set(name, value)
  }
  return form
}

function proofOf(request: FastifyRequest, form: ReadonlyMap<string, string>): ClientProof {
  const { bearer, proof: possession = null } = credentialsOf(request)
  const basic = basicOf(request.headers.authorization)
  const [clientId, secret] = [form.get('client_id'), form.get('client_secret')]
  if (basic && secret !== undefined)
    throw new OAuthError('invalid_request', 'Show one credential, not two.')
  if (basic && clientId !== undefined && clientId !== basic.clientId)
    throw new OAuthError('invalid_request', 'client_id is another than that of the header.')
  if (basic) return { secret: basic, bearer, possession }
  return {
    secret: clientId !== undefined && secret !== undefined ? { clientId, secret } : null,
    bearer,
    possession,
  }
}

/** Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1), so either may hold a colon. */
function basicOf(authorization: string | undefined): { clientId: string; secret: string } | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return null
  try {
    return {
      clientId: formDecoded(text.slice(0, colon)),
      secret: formDecoded(text.slice(colon + 1)),
    }
  } catch {
    return null
  }
}

function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

async function answerOAuthError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const refused = oauthErrorOf(error)
  if (!refused) {
    if (error instanceof Refusal && error.code === 'BUDGET_EXHAUSTED')
      void reply.header('retry-after', RETRY_AFTER_SECONDS)
    return await answerError(error, request, reply)
  }
  const status = refused.code === 'invalid_client' ? 401 : 400
  if (status === 401) void reply.header('www-authenticate', 'Basic realm="bauta"')
  await reply
    .status(status)
    .header('pragma', 'no-cache')
    .send({ error: refused.code, error_description: refused.message })
}

/** Bodies that Fastify could not read are invalid requests too; everything else is not the caller's fault. */
function oauthErrorOf(error: unknown): OAuthError | null {
  if (error instanceof OAuthError) return error
  const status = (error as { statusCode?: unknown } | null)?.statusCode
  if (error instanceof Refusal || typeof status !== 'number' || status >= 500) return null
  return new OAuthError('invalid_request', `Send a form: ${FORM}, at most ${FORM_BYTES} bytes.`)
}
