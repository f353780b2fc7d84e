import Table from 'cli-table3'
import type { Command } from 'commander'
import type { KeyRotations, KeysStatus } from '../../gateway/govern/key-rotation.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { DAY, isoInstant } from '../../kernel/time.ts'

/** Where a new master key is read from. */
export type NewMasterKey = { readonly file: string } | { readonly command: string }

export interface KeysCommand {
  readonly rotations: KeyRotations
  close(): Promise<void>
}

export interface KeysPorts {
  open(): Promise<KeysCommand>
  rotateMaster(next: NewMasterKey): Promise<void>
  /** For people who wait. */
  say(text: string): void
  print(text: string): void
}

/** `bauta keys status | rotate`: what keys there are, and new ones for old ones. */
export function registerKeys(program: Command, ports: KeysPorts): void {
  const { print, say } = ports
  const keys = program.command('keys').description('keys of this installation and their rotation')
  const run = async (work: (rotations: KeyRotations) => Promise<string>) => {
    const { rotations, close } = await ports.open()
    try {
      print(await work(rotations))
    } finally {
      await close()
    }
  }
  keys
    .command('status')
    .description('each kind of key, its epoch, since when, and what is still under an older one')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: true }) =>
      run(async (rotations) => {
        const status = await rotations.status()
        return json ? JSON.stringify(status, null, 2) : inWords(status)
      }),
    )
  const rotate = keys
    .command('rotate')
    .description('new keys for old ones; all but the master key while gateways run')
  rotate
    .command('pseudonyms')
    .description('a new epoch of pseudonyms; those of the last one are accepted for a while')
    .option('--audience <name>', 'of one audience only; default: of all')
    .action(({ audience }: { audience?: string }) =>
      run(async (rotations) => {
        const { at, until } = await rotations.rotatePseudonyms(audience ?? null)
        return `A new epoch begins at ${isoInstant(at)}; pseudonyms of the last one are accepted until ${isoInstant(until)}.`
      }),
    )
  rotate
    .command('wrapping')
    .description('wrap the data keys of all people by a new key')
    .action(() =>
      run(async (rotations) => {
        let people = 0
        for await (const { done, total } of rotations.rotateWrapping()) {
          people = total
          if (done === total || done % SAY_EVERY === 0) say(`${done} of ${total}`)
        }
        return `Data keys of ${people} people are wrapped by a new key.`
      }),
    )
  rotate
    .command('master')
    .description('seal the key folder under another master key; stop all gateways before')
    .option('--new-file <path>', 'file that holds the new one')
    .option('--new-command <command>', 'command that prints the new one')
    .action(async ({ newFile, newCommand }: { newFile?: string; newCommand?: string }) => {
      await ports.rotateMaster(newMasterKey(newFile, newCommand))
      print('The key folder is sealed under the new master key; the old one opens nothing of it.')
      print(
        'Start gateways with the new one only, and destroy the old one when no backup needs it.',
      )
    })
}

/** Lines of progress that a terminal can take. */
const SAY_EVERY = 10_000

function newMasterKey(file: string | undefined, command: string | undefined): NewMasterKey {
  if (file !== undefined && command === undefined) return { file }
  if (command !== undefined && file === undefined) return { command }
  throw new Refusal(
    'BAD_USER_INPUT',
    'Name the new master key by --new-file or --new-command, one of them.',
  )
}

type Row = readonly [
  key: string,
  of: string,
  number: string | number,
  since: number | null,
  end: string,
]

function inWords({ now, master, audiences, announced, wrapping, days }: KeysStatus): string {
  const rows: readonly Row[] = [
    ...audiences.map(
      ({ audience, current, since, previous }): Row => [
        'pseudonyms',
        audience,
        current,
        since,
        previous ? `${previous.epoch} accepted until ${isoInstant(previous.until)}` : '',
      ],
    ),
    ...wrapping.map(
      (one): Row => ['wrapping', `${one.people} people`, one.number, one.since, endOf(one)],
    ),
    ...days.map(
      ({ day, since, destroyedFrom }): Row => [
        'day',
        'arguments in the trail',
        day,
        since,
        `destroyed after ${isoInstant(destroyedFrom)}`,
      ],
    ),
    ...INSTALLATION.map((use): Row => ['installation', use, 1, null, '']),
  ]
  const table = new Table({
    head: ['key', 'of', 'number', 'since', 'age', 'what comes'],
    style: { head: [], border: [] },
  })
  table.push(['master', master.source, master.fingerprint, '', '', ''])
  for (const [key, of, number, since, end] of rows)
    table.push([key, of, number, instantOf(since), ageOf(since, now), end])
  const coming = announced.map(
    ({ audience, at }) =>
      `A new epoch of ${audience ?? 'every audience'} begins at ${isoInstant(at)}.`,
  )
  return [table.toString(), ...coming].join('\n')
}

const INSTALLATION = ['identifiers', 'cursors', 'cookies', 'tokens', 'quarantine', 'messages']

/** Number 0 is no file: it ends with the master key that it is derived from. */
function endOf({
  number,
  retiredAt,
  followedFrom,
  destroyedFrom,
}: KeysStatus['wrapping'][number]): string {
  if (followedFrom !== null) return `followed by another after ${isoInstant(followedFrom)}`
  if (retiredAt === null || destroyedFrom === null) return 'followed by another within the hour'
  const end =
    number === 0 ? 'ends with the master key' : `destroyed after ${isoInstant(destroyedFrom)}`
  return `retired ${isoInstant(retiredAt)}, ${end}`
}

function instantOf(instant: number | null): string {
  return instant === null ? 'the beginning' : isoInstant(instant)
}

function ageOf(since: number | null, now: number): string {
  return since === null ? '' : `${Math.floor((now - since) / DAY)} d`
}
