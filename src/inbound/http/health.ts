import type { FastifyInstance } from 'fastify'
import { MINUTE } from '../../kernel/time.ts'

/** Resolves when that part can do its work, rejects when not. */
export type Checks = Readonly<Record<string, () => Promise<void>>>

/** What still works and will not for long, by name; read when asked for. */
export type Warnings = () => readonly string[]

/** Longer than the pause between two looks of whoever watches. */
const REMEMBERED_MS = MINUTE

/**
 * Answers that had to be refused because a part could not do its work. A fault that comes and goes, such as a disk that is
 * full, lets checks in between succeed: it is a warning for a minute.
 */
export class RecentRefusals {
  #at = Number.NEGATIVE_INFINITY

  note(): void {
    this.#at = performance.now()
  }

  get warnings(): readonly string[] {
    return performance.now() - this.#at < REMEMBERED_MS ? ['answers refused'] : []
  }
}

/** A part that does not answer within this time counts as not ready. */
const PATIENCE_MS = 2_000

/**
 * `/health/live`: the process runs. `/health/ready`: every part can do its work, or 503 with those that can't, by name.
 * Warnings leave it ready: a gateway that is taken out of service could not take withdrawals any more either.
 */
export function healthRoutes(
  checks: Checks,
  warnings: Warnings,
): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.get('/health/live', async () => ({ status: 'live' }))
    app.get('/health/ready', async (_request, reply) => {
      const parts = Object.fromEntries(
        await Promise.all(
          Object.entries(checks).map(async ([part, check]) => [part, await works(check)] as const),
        ),
      )
      const ready = Object.values(parts).every(Boolean)
      return await reply
        .status(ready ? 200 : 503)
        .send({ status: ready ? 'ready' : 'not ready', parts, warnings: warnings() })
    })
  }
}

async function works(check: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, false)
  })
  const done = check().then(
    () => true,
    () => false,
  )
  try {
    return await Promise.race([done, late])
  } finally {
    clearTimeout(timer)
  }
}
