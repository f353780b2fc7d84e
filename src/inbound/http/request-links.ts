import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { ZipFile } from 'yazl'
import type { PackageVault } from '../../gateway/disclose/package-vault.ts'
import type { SubjectRequests } from '../../gateway/govern/subject-requests.ts'
import { pageHeaders } from './page-headers.ts'

const FORM = 'application/x-www-form-urlencoded'
const STYLE =
  'body{font:18px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1.5rem}'
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

/** What a person is asked to confirm, by the type in the address of the link. */
const ASKED: Readonly<Record<string, readonly [title: string, about: string, button: string]>> = {
  access: [
    'See what is known about you',
    'Somebody has asked to see everything that is known about you here. If that was you, go on; if not, close this page, and nothing happens.',
    'It was me: show me',
  ],
  portability: [
    'Take your data with you',
    'Somebody has asked for your data in a form that other services can read. If that was you, go on; if not, close this page, and nothing happens.',
    'It was me: give me my data',
  ],
  erasure: [
    'Erase everything about you',
    'Somebody has asked to have everything erased that is known about you here. This can not be undone. If that was you, go on; if not, close this page, and nothing happens.',
    'It was me: erase everything',
  ],
}

export interface RequestLinkParts {
  readonly requests: Pick<SubjectRequests, 'confirm'>
  readonly vault: Pick<PackageVault, 'fetched'>
  readonly newRequestId: () => string
  /** Told of a link that leads nowhere. */
  readonly onBadLink: (requestId: string) => void
}

/**
 * Where links lead that people are given. The page before the button knows nothing, and asks nothing of any store: mail
 * programs open links by themselves, and a link works once.
 */
export function requestLinkRoutes(
  parts: RequestLinkParts,
): (app: FastifyInstance) => Promise<void> {
  const { requests, vault, newRequestId, onBadLink } = parts
  return async (app) => {
    app.addContentTypeParser(
      FORM,
      { parseAs: 'string', bodyLimit: 1_024 },
      (_request, _body, done) => done(null, null),
    )
    app.get('/v1/confirm/:type/:token', async (request, reply) => {
      const asked = ASKED[(request.params as Link).type]
      if (!asked) return await gone(reply)
      const [title, about, button] = asked
      return await page(
        reply,
        title,
        `<p>${about}</p><form method="post"><button>${button}</button></form>`,
      )
    })
    const audited = 'every step of a request'
    app.post('/v1/confirm/:type/:token', { config: { audited } }, async (request, reply) => {
      const { type, token } = request.params as Link
      const requestId = newRequestId()
      const met = await requests.confirm(token, type, requestId)
      if (!met) {
        onBadLink(requestId)
        return await gone(reply)
      }
      if (met.packageUrl === null)
        return await page(reply, 'Done', '<p>It is done. You can close this page.</p>')
      const link = `<p><a href="${met.packageUrl}">Download it</a></p><p>The link works for an hour.</p>`
      return await page(reply, 'It is ready', link)
    })
    app.get(
      '/v1/packages/:token',
      { config: { audited: 'every package' } },
      async (request, reply) => {
        const requestId = newRequestId()
        const fetched = await vault.fetched((request.params as Link).token, requestId)
        if (!fetched) {
          onBadLink(requestId)
          return await gone(reply)
        }
        const zip = new ZipFile()
        for (const { path, text } of fetched.files) zip.addBuffer(Buffer.from(text), path)
        zip.end()
        return await reply
          .type('application/zip')
          .header('content-disposition', `attachment; filename="${fetched.type}.zip"`)
          .send(zip.outputStream)
      },
    )
  }
}

interface Link {
  readonly type: string
  readonly token: string
}

async function gone(reply: FastifyReply): Promise<FastifyReply> {
  return await page(
    reply.status(404),
    'This link does not work any more',
    '<p>It was used, or it has expired. Ask again to be sent another.</p>',
  )
}

/** @param content from the constants above, and links made here. */
async function page(reply: FastifyReply, title: string, content: string): Promise<FastifyReply> {
  return await reply
    .type('text/html; charset=utf-8')
    .headers({ ...pageHeaders, 'content-security-policy': POLICY })
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head><body><h1>${title}</h1>${content}</body></html>`,
    )
}
