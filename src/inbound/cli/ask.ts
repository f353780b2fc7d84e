import { readFile } from 'node:fs/promises'
import Table from 'cli-table3'
import { type Command, InvalidArgumentError } from 'commander'
import { Refusal } from '../../kernel/refusal.ts'

/** A gateway with the demo, as `bauta ask` reaches it: running, or started for this one question. */
export interface AskSession {
  /** Names of the demo's principals. */
  readonly names: readonly string[]
  /** Under which id each principal knows person N of the demo. */
  idsOf(person: number): Promise<Readonly<Record<string, string>>>
  ask(
    principal: string,
    body: { query: string; variables: Record<string, unknown> },
  ): Promise<GraphqlAnswer>
  close(): Promise<void>
}

export interface GraphqlAnswer {
  readonly data?: unknown
  readonly errors?: readonly {
    readonly message: string
    readonly extensions?: { readonly code?: string }
  }[]
  readonly extensions?: {
    readonly privacy?: {
      readonly receipt: string
      readonly purpose: string | null
      readonly withheld: readonly { readonly path: string; readonly reason: string }[]
    }
  }
}

interface AskOptions {
  readonly as: readonly string[]
  readonly person: number
  readonly json?: true
}

const ENTRY = /* GraphQL */ `
  query ($receipt: String!) {
    auditTrail(filter: { requestId: $receipt }, first: 1) {
      edges { node { index outcome actor audience purpose legalBasis sets subjects leafHash } }
    }
  }
`
const NARROWEST_COLUMN = 36
const USUAL_TERMINAL = 160
const INDENT = '  '

/** `bauta ask QUERY.graphql --as a,b,c`: the same question of several callers, side by side, with what each left on the trail. */
export function registerAsk(
  program: Command,
  open: () => Promise<AskSession>,
  print: (text: string) => void,
): void {
  program
    .command('ask <file>')
    .description(
      'ask the demo the same query as several callers, and show answers, what was withheld and why, and the audit entries',
    )
    .requiredOption(
      '--as <principals>',
      'demo principals, separated by commas: partnerAcme,support,compliance',
      commaSeparated,
    )
    .option(
      '--person <n>',
      'person of the demo whose id fills $id: each caller gets the pseudonym of its own audience',
      personNumber,
      1,
    )
    .option('--json', 'print JSON instead of a table')
    .action(async (file: string, options: AskOptions) => {
      const query = await readQuery(file)
      const session = await open()
      try {
        const asked = await askAll(session, query, options)
        print(options.json ? JSON.stringify(asked, null, 2) : sideBySide(asked))
      } finally {
        await session.close()
      }
    })
}

interface Asked {
  readonly principal: string
  readonly answer: GraphqlAnswer
  readonly entry: AskedEntry | null
}

interface AskedEntry {
  readonly index: number
  readonly outcome: string
  readonly legalBasis: string | null
  readonly leafHash: string
  readonly sets: readonly {
    readonly fields: readonly { readonly path: string; readonly treatment: string }[]
  }[]
  readonly subjects: readonly {
    readonly ref: string
    readonly consent: { readonly state: string } | null
  }[]
}

async function askAll(
  session: AskSession,
  query: string,
  { as, person }: AskOptions,
): Promise<Asked[]> {
  const unknown = as.find((name) => !session.names.includes(name))
  if (unknown !== undefined) {
    throw new Refusal(
      'BAD_USER_INPUT',
      `The demo has no principal "${unknown}"; it has ${session.names.join(', ')}.`,
    )
  }
  const ids = await session.idsOf(person)
  const asked: Asked[] = []
  for (const principal of as) {
    const variables = /\$id\b/.test(query) ? { id: ids[principal] ?? '' } : {}
    const answer = await session.ask(principal, { query, variables })
    const receipt = answer.extensions?.privacy?.receipt
    asked.push({
      principal,
      answer,
      entry: receipt === undefined ? null : await entryOf(session, receipt),
    })
  }
  return asked
}

async function entryOf(session: AskSession, receipt: string): Promise<AskedEntry | null> {
  const { data } = await session.ask('compliance', { query: ENTRY, variables: { receipt } })
  const trail = (data as { auditTrail?: { edges: { node: AskedEntry }[] } } | null)?.auditTrail
  return trail?.edges[0]?.node ?? null
}

function sideBySide(asked: readonly Asked[]): string {
  const width = process.stdout.columns ?? USUAL_TERMINAL
  const column = Math.max(NARROWEST_COLUMN, Math.floor((width - 12) / asked.length) - 1)
  const table = new Table({
    head: ['', ...asked.map(({ principal }) => principal)],
    colWidths: [10, ...asked.map(() => column)],
    style: process.stdout.isTTY ? {} : { head: [], border: [] },
  })
  table.push(
    ['purpose', ...asked.map(({ answer }) => answer.extensions?.privacy?.purpose ?? '-')],
    ['answer', ...asked.map(({ answer }) => answerOf(answer))],
    ['withheld', ...asked.map(({ answer }) => withheldOf(answer))],
    ['entry', ...asked.map(({ entry }) => entryText(entry))],
  )
  return table.toString()
}

function answerOf({ data, errors }: GraphqlAnswer): string {
  const refused =
    errors?.map(({ message, extensions }) => `${extensions?.code ?? 'ERROR'}: ${message}`) ?? []
  return [...(data == null ? [] : [outline(data)]), ...refused].join('\n')
}

function withheldOf({ extensions }: GraphqlAnswer): string {
  const withheld = extensions?.privacy?.withheld ?? []
  return grouped(withheld.map(({ path, reason }) => [reason, path])) || 'nothing'
}

/** The parts of an entry that answer: who saw what of whom, why, and where it stands. */
function entryText(entry: AskedEntry | null): string {
  if (entry === null) return '-'
  const { index, outcome, legalBasis, sets, subjects, leafHash } = entry
  const treated = sets.flatMap(({ fields }) =>
    fields.map(({ path, treatment }): [string, string] => [treatment, path]),
  )
  const people = subjects.map(
    ({ ref, consent }) => `${ref.slice(0, 8)}…${consent ? ` ${consent.state}` : ''}`,
  )
  const header = [
    `no. ${index}, ${outcome}, basis ${legalBasis ?? '-'}`,
    `leaf ${leafHash.slice(0, 16)}…`,
  ]
  return [...header, ...people.map((one) => `person ${one}`), grouped(treated)].join('\n')
}

/** `REASON` and below it what it holds for. */
function grouped(pairs: readonly (readonly [string, string])[]): string {
  const groups = new Map<string, string[]>()
  for (const [name, one] of pairs) groups.set(name, [...(groups.get(name) ?? []), one])
  return [...groups]
    .map(([name, all]) => `${name}\n${all.map((one) => `${INDENT}${one}`).join('\n')}`)
    .join('\n')
}

/** JSON without the punctuation, indented: easier to compare in columns. */
function outline(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    return value.length === 0
      ? `${indent}(none)`
      : value.map((one) => listed(one, indent)).join('\n')
  }
  if (typeof value !== 'object' || value === null) return `${indent}${String(value)}`
  return Object.entries(value)
    .map(([key, one]) =>
      isBranch(one)
        ? `${indent}${key}\n${outline(one, `${indent}${INDENT}`)}`
        : `${indent}${key}: ${String(one)}`,
    )
    .join('\n')
}

function listed(one: unknown, indent: string): string {
  return `${indent}- ${outline(one, `${indent}${INDENT}`).slice(indent.length + INDENT.length)}`
}

function isBranch(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

async function readQuery(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new Refusal('BAD_USER_INPUT', `The query can not be read from ${file}.`)
  }
}

function commaSeparated(text: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  if (names.length === 0) throw new InvalidArgumentError('Name at least one principal.')
  return names
}

function personNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('A number from 1.')
  return Number(text)
}
