import type { Command } from 'commander'
import type { Fork } from '../../gateway/attest/fork.ts'
import type { TrailState } from '../../gateway/attest/trail-state.ts'
import { isoInstant } from '../../kernel/time.ts'

type Open = () => Promise<{
  readonly trail: { state(): Promise<TrailState>; fork(): Promise<Fork> }
  close(): Promise<void>
}>

/** `bauta audit status | fork`: for whoever runs the gateway. */
export function registerAuditState(
  audit: Command,
  open: Open,
  print: (text: string) => void,
): void {
  const run = async <T>(work: (trail: Awaited<ReturnType<Open>>['trail']) => Promise<T>) => {
    const opened = await open()
    try {
      return await work(opened.trail)
    } finally {
      await opened.close()
    }
  }
  audit
    .command('status')
    .description('how much of the trail is signed, witnessed and archived; exits with 1 in doubt')
    .action(async () => {
      const state = await run(async (trail) => await trail.state())
      print(linesOf(state))
      if (state.doubt !== null) process.exitCode = 1
    })
  audit
    .command('fork')
    .description(
      'go on with the trail as the database has it, as another log, where it is not what was signed and the right database is lost',
    )
    .requiredOption('--accept', 'you know that what was signed can no longer be shown from here')
    .action(async () => {
      const { from, to } = await run(async (trail) => await trail.fork())
      print(
        `${from.origin} ends with ${from.size} entries that were signed for. ${to.origin} begins; it covers ${to.size}.`,
      )
      print(
        'Its key is another one: give the output of `bauta audit status` to the witness and to all who verify.',
      )
    })
}

function linesOf(state: TrailState): string {
  const { doubt, origin, key, entries, signed, signedAt, witnessed, archived } = state
  return [
    ['log', origin],
    ['key', key],
    ['entries', entries],
    ['signed', signedAt === null ? signed : `${signed}, ${isoInstant(signedAt)}`],
    ['witnessed', witnessed ?? 'none'],
    ['archived', archived],
    ['in doubt', doubt ?? 'no'],
  ]
    .map(([name, value]) => `${name}:`.padEnd(11) + value)
    .join('\n')
}
