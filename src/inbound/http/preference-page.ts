import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pageHeaders } from './page-headers.ts'

const FILES = {
  '/preferences': ['preferences.html', 'text/html; charset=utf-8'],
  '/preferences.js': ['preferences.js', 'text/javascript; charset=utf-8'],
  '/preferences.css': ['preferences.css', 'text/css; charset=utf-8'],
} as const

/**
 * The page on which people read and change their consents, to be opened or put into a frame by a front end. It knows
 * nothing: what it shows it asks for at `/graphql`, with the token that the front end hands over.
 * @param dir folder of the page files, read once.
 * @param origins of the pages that may put it into a frame: those that may call the gateway.
 */
export function preferenceRoutes(
  dir: string,
  origins: readonly string[],
): (app: FastifyInstance) => Promise<void> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${origins.length > 0 ? origins.join(' ') : "'none'"}`,
  ].join('; ')
  const files = Object.entries(FILES).map(([path, [name, type]]) => ({
    path,
    type,
    content: readFileSync(join(dir, name), 'utf8'),
  }))
  return async (app) => {
    for (const { path, type, content } of files)
      app.get(
        path,
        async (_request, reply) =>
          await reply
            // It can name no origins; the policy names those that may put the page into a frame.
            .removeHeader('x-frame-options')
            .headers({ ...pageHeaders, 'content-security-policy': policy })
            .type(type)
            .send(content),
      )
  }
}
