import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describeConfig } from '../../src/config.ts'

const OURS = [
  '.ci',
  'bench',
  'docker',
  'docs',
  'migrations',
  'pages',
  'policy',
  'src',
  'test',
  'verify',
]
/** Paths of all files of the repository. */
const files = [...OURS, '.'].flatMap((folder) =>
  readdirSync(folder, { recursive: folder !== '.', encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => !/node_modules|\/\.data\//.test(file) && statSync(file).isFile()),
)
const folders = new Set(files.flatMap((file) => foldersAbove(file)))
const names = new Set(files.map((file) => basename(file)))
const documents = files
  .filter((file) => file.endsWith('.md'))
  .map((file) => [file, readFileSync(file, 'utf8')] as const)
const everything = documents.map(([, text]) => text).join('\n')

function foldersAbove(file: string): string[] {
  const folder = dirname(file)
  return folder === '.' ? [] : [folder, ...foldersAbove(folder)]
}

const exists = (path: string) => files.includes(path) || folders.has(path.replace(/\/$/, ''))

function matches(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, found = '']) => found))]
}

/** Paths of our own, wherever they stand in a text, diagrams included; those with a pattern in them are none. */
const OUR_PATHS =
  /(?<![\w./-])((?:src|test|docs|policy|migrations|bench|docker|pages|verify|\.ci)\/[\w./-]*[\w/])(?![\w*<…-])/g

describe.each(documents)('%s', (file, text) => {
  test('links to what is there', () => {
    const targets = matches(text, /\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)
    expect(targets.filter((target) => !exists(join(dirname(file), target)))).toEqual([])
  })

  test('names files that are there', () => {
    const paths = matches(text, OUR_PATHS).filter((path) => !exists(path))
    expect(paths.filter((path) => !exists(join(dirname(file), path)))).toEqual([])
    const alone = matches(text, /`([\w-]+(?:\.[\w-]+)*\.(?:ts|mjs|cjs|sh|graphql|csv))`/g)
    expect(alone.filter((name) => !names.has(name))).toEqual([])
  })

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = matches(text, /npm run (?:-s |--silent )?([\w:]+)/g)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })
})

describe('settings', () => {
  const documented = matches(
    readFileSync('docs/configuration.md', 'utf8'),
    /^\| `([A-Z][A-Z_]+)` \|/gm,
  )
  const read = describeConfig({}).map(({ name }) => name)

  test('that the gateway reads are all documented', () => {
    expect(read.filter((name) => !documented.includes(name))).toEqual([])
  })

  test('that are documented are read, by the gateway, the tests, the services or the benchmark', () => {
    const elsewhere = files
      .filter((file) => /^(test|docker|bench)\/[^/].*\.(ts|mjs|sh|yaml)$/.test(file))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n')
    const named = matches(everything, /(?<![\w$])(BAUTA_[A-Z_]*[A-Z])(?![\w])/g)
    expect(
      [...documented, ...named].filter((name) => !read.includes(name) && !elsewhere.includes(name)),
    ).toEqual([])
  })
})
