import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import ts from 'typescript'

const root = process.cwd()
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })

interface Verdict {
  readonly modules: number
  /** `file: rule` of each violation. */
  readonly violations: readonly string[]
}

/** Runs the ladder in a folder, as `npm run check:ladder` does. */
function cruise(folder: string): Verdict {
  const cli = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const config = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json']
  const output = execFileSync(process.execPath, [cli, 'src', 'migrations', ...config], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const { summary } = JSON.parse(output) as {
    summary: { totalCruised: number; violations: { from: string; rule: { name: string } }[] }
  }
  return {
    modules: summary.totalCruised,
    violations: summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`),
  }
}

/** A file that breaks one rule, and a piece of that rule's name. */
const intruders: readonly (readonly [what: string, file: string, content: string, rule: string])[] =
  [
    [
      'the kernel imports the domain',
      'src/kernel/intruder.ts',
      `import '../domain/access/principal.ts'`,
      'kernel -> (nothing)',
    ],
    [
      'the domain imports the gateway',
      'src/domain/privacy/intruder.ts',
      `import '../../gateway/scope/recorder.ts'`,
      'domain/privacy -> kernel',
    ],
    [
      'the domain imports an adapter',
      'src/domain/profiles/intruder.ts',
      `import '../../outbound/postgres/database.ts'`,
      'domain/profiles -> domain/delivery, domain/privacy',
    ],
    [
      'a resolver reaches past the doors',
      'src/inbound/graphql/intruder.ts',
      `import '../../domain/profiles/read-model.ts'`,
      'inbound/graphql -> gateway',
    ],
    [
      'an adapter imports a door',
      'src/outbound/postgres/intruder.ts',
      `import '../../gateway/scope/recorder.ts'`,
      'outbound/postgres -> domain',
    ],
    [
      'a door imports GraphQL',
      'src/gateway/disclose/intruder.ts',
      `import 'graphql'`,
      'no frameworks',
    ],
    [
      'a rule imports the ORM',
      'src/domain/segments/intruder.ts',
      `import 'typeorm'`,
      'no frameworks',
    ],
    ['a door imports the driver', 'src/gateway/ingest/intruder.ts', `import 'pg'`, 'no frameworks'],
    [
      'a rule hashes passwords itself',
      'src/domain/access/intruder.ts',
      `import 'argon2'`,
      'no frameworks',
    ],
    [
      'a rule reads a file',
      'src/domain/audit/intruder.ts',
      `import 'node:fs'`,
      'no input or output',
    ],
    [
      'two files import each other',
      'src/kernel/ring-one.ts',
      `import './ring-two.ts'`,
      'no-circles',
    ],
    [
      'a folder stands beside the ladder',
      'src/sideways/intruder.ts',
      "import '../kernel/time.ts'",
      'every-folder-is-on-the-ladder',
    ],
  ]

describe('the ladder', () => {
  const copy = mkdtempSync(join(tmpdir(), 'bauta-ladder-'))
  /** Of the copy with all intruders in it. */
  let verdict: Verdict

  beforeAll(() => {
    for (const part of [
      'src',
      'migrations',
      'package.json',
      'tsconfig.json',
      'ladder.cjs',
      '.dependency-cruiser.cjs',
    ])
      cpSync(part, join(copy, part), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    for (const [, file, content] of intruders) {
      mkdirSync(dirname(join(copy, file)), { recursive: true })
      writeFileSync(join(copy, file), `${content}\n`)
    }
    writeFileSync(join(copy, 'src/kernel/ring-two.ts'), `import './ring-one.ts'\n`)
    verdict = cruise(copy)
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  test('reads every module and finds nothing else to object to', () => {
    const files = [...sources, ...readdirSync('migrations')].filter((name) => name.endsWith('.ts'))
    expect(files.length).toBeGreaterThan(0)
    // The intruders, and the second half of the ring.
    expect(verdict.modules).toBeGreaterThanOrEqual(files.length + intruders.length + 1)
    expect(
      verdict.violations.filter((line) => !/\/(intruder|ring-(one|two))\.ts/.test(line)),
    ).toEqual([])
  })

  test.each(intruders)('bites when %s', (_what, file, _content, rule) => {
    expect(verdict.violations).toContainEqual(
      expect.stringMatching(`^${file.replace('ring-one', 'ring-(one|two)')}: .*${literally(rule)}`),
    )
  })
})

test('no file is a barrel, and no name says merely that things are kept together', () => {
  const vague = /^(utils?|helpers?|common|shared|misc|index)(\.|$)/
  expect(sources.map((path) => basename(path)).filter((name) => vague.test(name))).toEqual([])
})

test('rules and doors never ask the machine for the time or for chance', () => {
  const pure = sources.filter((path) => /^(gateway|domain|learning|kernel)\/.*\.ts$/.test(path))
  expect(pure.length).toBeGreaterThan(0)
  const asking =
    /Math\.random|randomBytes|randomUUID|randomInt|Date\.now|new Date\(\)|performance\.now|hrtime/
  const asks = (path: string) => {
    const text = readFileSync(join('src', path), 'utf8')
    return asking.test(text) && asking.test(withoutComments(text))
  }
  expect(pure.filter(asks)).toEqual([])
})

/** Comments may speak of what the code must not do. */
function withoutComments(text: string): string {
  const compilerOptions = { removeComments: true, target: ts.ScriptTarget.ES2022 }
  return ts.transpileModule(text, { compilerOptions }).outputText
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
