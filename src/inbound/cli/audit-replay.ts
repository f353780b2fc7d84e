import { type Command, InvalidArgumentError } from 'commander'
import type { ReplayedTrail, TrailReplay } from '../../gateway/disclose/trail-replay.ts'
import { Refusal } from '../../kernel/refusal.ts'

type Open = () => Promise<{ readonly replayed: ReplayedTrail; close(): Promise<void> }>

interface ReplayOptions {
  readonly entry?: number
  readonly sample?: number
  readonly json?: true
}

/** `bauta audit replay`: takes past decisions again, and says whether they come out as they are recorded. */
export function registerAuditReplay(
  audit: Command,
  open: Open,
  print: (text: string) => void,
): void {
  audit
    .command('replay')
    .description(
      'take past decisions again by the policy of their time and what people had decided by then; exits with 1 where one comes out differently',
    )
    .option('--entry <n>', 'the entry with this number', wholeNumber)
    .option('--sample <n>', 'as many entries, drawn at random', wholeNumber)
    .option('--json', 'print JSON')
    .action(async ({ entry, sample, json }: ReplayOptions) => {
      if ((entry === undefined) === (sample === undefined))
        throw new Refusal('BAD_USER_INPUT', 'Name either --entry or --sample.')
      const { replayed, close } = await open()
      try {
        const outcome =
          entry === undefined ? await replayed.sample(sample ?? 0) : await replayed.entry(entry)
        print(json ? JSON.stringify(outcome, null, 2) : asText(outcome))
        if (outcome.difference) process.exitCode = 1
      } finally {
        await close()
      }
    })
}

const CAUSES = {
  erased: 'people who were erased since',
  'policy-unknown': 'people, under a policy that is not kept here',
  'caller-unknown': 'people, seen by a client that is not registered any more',
  'taken-back': 'people of whom something was taken back since',
  'other-door': 'disclosures that no consent decides field by field',
} as const

function asText(outcome: TrailReplay): string {
  const { entries, withoutDecision, agreeing, unsettled, difference, differing } = outcome
  const lines = [
    `${entries} entries replayed, ${withoutDecision} of them without a decision about anybody.`,
    `${agreeing} decisions come out as they are recorded.`,
  ]
  for (const [cause, count] of Object.entries(unsettled))
    lines.push(
      `Only the recorded outcome remains of ${count} ${CAUSES[cause as keyof typeof CAUSES]}.`,
    )
  if (!difference) return [...lines, 'No difference.'].join('\n')
  const { index, path, ref, recorded, reckoned, reason } = difference
  const why = reason === null ? '' : ` (${reason})`
  return [
    ...lines,
    `${differing} entries differ. The first is no. ${index}: ${path} of ${ref} is recorded as ${recorded}, and comes out as ${reckoned}${why}.`,
  ].join('\n')
}

function wholeNumber(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}
