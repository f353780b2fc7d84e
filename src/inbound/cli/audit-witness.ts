import { open, readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import {
  makeWitnessKeys,
  type WitnessAlarm,
  type WitnessOutcome,
  witnessLog,
} from '../../gateway/attest/witness.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { keyNamed } from './verify-folder.ts'

type WitnessPorts = {
  readonly log: (url: string) => Parameters<typeof witnessLog>[0]
  readonly memory: (file: string) => Parameters<typeof witnessLog>[1]
  readonly randomness: Randomness
  readonly print: (text: string) => void
  readonly say: (text: string) => void
}

interface WitnessOptions {
  readonly url: string
  readonly logKey: string
  readonly key: string
  readonly state: string
}

/** Exit codes: signed; the log contradicts itself; not asked properly; the log could not be asked. */
const EXIT = { signed: 0, alarm: 1, usage: 2, unreachable: 3 } as const

/**
 * `bauta audit witness`, for the machine of somebody whom the operator of the log can not command: signs the newest
 * checkpoint if it extends the one before. Meant to be run by a timer.
 */
export function registerAuditWitness(audit: Command, ports: WitnessPorts): void {
  const witness = audit
    .command('witness')
    .description('watch a log from a machine of your own, and sign what it publishes')
  witness
    .command('sign', { isDefault: true })
    .description(
      'sign the newest checkpoint if it extends the one that you signed before; exits with 1 and an alarm otherwise, with 3 where the log can not be reached',
    )
    .requiredOption('--url <url>', 'of the gateway, such as https://gateway.example.com')
    .requiredOption('--log-key <file|key>', 'the log’s key as you were given it')
    .requiredOption('--key <file>', 'your private key, made by keygen')
    .requiredOption('--state <file>', 'where the checkpoint signed last is kept; back it up')
    .exitOverride(toUsageExit)
    .action(async (options: WitnessOptions) => {
      process.exitCode = await sign(options, ports)
    })
  witness
    .command('keygen')
    .description('make the key pair of a witness; prints the public key, for the operator')
    .requiredOption('--name <name>', 'who signs, such as example.com/compliance')
    .requiredOption('--key <file>', 'where the private key goes; an existing file stays')
    .exitOverride(toUsageExit)
    .action(async (options: { name: string; key: string }) => {
      process.exitCode = await answered(ports, async () => {
        const keys = makeWitnessKeys(options.name, ports.randomness)
        await createPrivately(options.key, `${keys.private}\n`)
        ports.print(keys.public)
        return EXIT.signed
      })
    })
}

function toUsageExit({ exitCode }: { exitCode: number }): never {
  process.exit(exitCode === 0 ? 0 : EXIT.usage)
}

async function sign(options: WitnessOptions, ports: WitnessPorts): Promise<number> {
  return await answered(ports, async () => {
    const keys = { log: await keyNamed(options.logKey), witness: await privateKeyIn(options.key) }
    const outcome = await witnessLog(ports.log(options.url), ports.memory(options.state), keys)
    if (outcome.kind === 'signed') ports.print(told(outcome))
    else ports.say(outcome.kind === 'alarm' ? alarm(outcome) : outcome.message)
    return EXIT[outcome.kind]
  })
}

async function answered(ports: WitnessPorts, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    ports.say(error.message)
    return EXIT.usage
  }
}

function told({ origin, size, before }: WitnessOutcome & { kind: 'signed' }): string {
  const since =
    before === null
      ? 'the first that this state knows: taken on trust'
      : `it extends the ${before} entries signed before`
  return `Signed ${size} entries of ${origin}: ${since}.`
}

function alarm({ message, held, offered }: WitnessAlarm): string {
  return [
    'ALARM: nothing was signed, and nothing will be until this is explained.',
    message,
    'Keep what follows: it is the evidence.',
    '--- what was signed before ---',
    held,
    '--- what is offered now ---',
    offered,
  ].join('\n')
}

async function privateKeyIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new Refusal('BAD_USER_INPUT', `${file} can not be read.`, { cause })
  }
}

async function createPrivately(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw new Refusal('BAD_USER_INPUT', `${file} can not be made; a key is never replaced.`, {
      cause,
    })
  }
}
