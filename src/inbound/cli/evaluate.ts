import { createReadStream } from 'node:fs'
import { basename, resolve } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import Table from 'cli-table3'
import { type Command, InvalidArgumentError } from 'commander'
import { parse } from 'csv-parse'
import {
  evaluateRecommenders,
  type RecommenderEvaluation,
} from '../../gateway/govern/evaluation.ts'
import { Refusal } from '../../kernel/refusal.ts'

interface RecommenderOptions {
  readonly pairs: string
  readonly test?: string
  readonly negatives?: string
  readonly k: number
  readonly seed: number
  readonly json?: true
}

const FILES = `
Files hold one person and one item a line, further columns are ignored; tab-separated, or comma-separated where the
name ends in .csv; packed where it ends in .gz. A first line whose first column is called like a person (user, userId,
customer …) is a header. The negatives file begins each line with the person, or with (person,item), and goes on with
items. Relative names are looked up in the folder that BAUTA_EVAL_DATA names.

Without --test the last item of each person, in the order of the file, is held out; without --negatives 99 items that
the person never met are drawn by the seed. Each held-out item is ranked among its negatives; ties count against it.
HR@k is the share of people whose item is among the first k; NDCG@k the mean of ln 2 / ln(rank + 2), rank from 0.`

/** @param dataFolder base of relative file names; null: the working folder. */
export function registerEvaluate(
  program: Command,
  dataFolder: string | null,
  print: (text: string) => void,
): void {
  program
    .command('evaluate')
    .description('measure what Bauta computes on data whose answers are known')
    .command('recommender')
    .description('leave-one-out test of the recommenders on pairs of people and items')
    .requiredOption('--pairs <file>', 'pairs to train on')
    .option('--test <file>', 'pairs held out, one per person')
    .option('--negatives <file>', 'items to rank each held-out item among')
    .option('--k <number>', 'length of the list', wholeNumber, 10)
    .option('--seed <number>', 'of drawn negatives', wholeNumber, 1)
    .option('--json', 'print figures as JSON')
    .addHelpText('after', FILES)
    .action(async (options: RecommenderOptions) => {
      const at = (file: string) => resolve(dataFolder ?? '.', file)
      const evaluation = await evaluateRecommenders(
        {
          pairs: await readHistories(at(options.pairs)),
          ...(options.test && { positives: await readPositives(at(options.test)) }),
          ...(options.negatives && { negatives: await readNegatives(at(options.negatives)) }),
        },
        {
          k: options.k,
          seed: options.seed,
          clock: { now: Date.now },
          pause: async () => void (await nextTurn()),
        },
      )
      const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024)
      print(
        options.json
          ? JSON.stringify({ ...evaluation, peakMegabytes }, null, 2)
          : tableOf(evaluation, peakMegabytes),
      )
    })
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('must be a whole number above 0.')
  return value
}

function tableOf(evaluation: RecommenderEvaluation, peakMegabytes: number): string {
  const { people, items, tested, k, quality, ratio, fitSeconds, rankSeconds } = evaluation
  const table = new Table({
    head: ['recommender', `HR@${k}`, `NDCG@${k}`],
    style: { head: [], border: [] },
  })
  for (const [name, { hitRate, ndcg }] of Object.entries(quality))
    table.push([name, hitRate.toFixed(4), ndcg.toFixed(4)])
  return [
    `${people} people, ${items} items, ${tested} tested`,
    table.toString(),
    ratio === null
      ? 'popularity found nothing'
      : `item-to-item reaches ${ratio.toFixed(2)} × the HR@${k} of popularity`,
    `fit ${fitSeconds.toFixed(1)} s, ranking ${rankSeconds.toFixed(1)} s, peak memory ${peakMegabytes} MB`,
  ].join('\n')
}

async function readHistories(file: string): Promise<Map<string, string[]>> {
  const histories = new Map<string, string[]>()
  // A million lines name a few thousand items: one text for each.
  const known = new Map<string, string>()
  for await (const [user, item] of readRows(file)) {
    const one = known.get(item) ?? item
    known.set(item, one)
    const history = histories.get(user)
    if (history) history.push(one)
    else histories.set(user, [one])
  }
  return histories
}

async function readPositives(file: string): Promise<[string, string][]> {
  const positives: [string, string][] = []
  for await (const [user, item] of readRows(file)) positives.push([user, item])
  return positives
}

async function readNegatives(file: string): Promise<Map<string, string[]>> {
  const negatives = new Map<string, string[]>()
  for await (const [first, ...items] of readRows(file))
    negatives.set(/^\((.+),.+\)$/.exec(first)?.[1] ?? first, items)
  return negatives
}

const HEADER = /^(user|customer|person|client|visitor)/i

/** Rows with at least two columns. */
async function* readRows(file: string): AsyncGenerator<[string, string, ...string[]]> {
  const delimiter = /\.csv(\.gz)?$/.test(file) ? ',' : '\t'
  const rows = parse({
    delimiter,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    quote: delimiter === ',' ? '"' : null,
  })
  const stored = createReadStream(file)
  const text = file.endsWith('.gz') ? stored.compose(createGunzip()) : stored
  let number = 0
  try {
    for await (const row of text.compose(rows) as AsyncIterable<string[]>) {
      number += 1
      const [user, item, ...more] = row
      if (number === 1 && user !== undefined && HEADER.test(user)) continue
      if (!user || !item)
        throw new Refusal(
          'BAD_USER_INPUT',
          `${basename(file)}: row ${number} has no person and item.`,
        )
      yield [user, item, ...more]
    }
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    throw new Refusal(
      'BAD_USER_INPUT',
      `${basename(file)}: can not be read beyond row ${number}.`,
      { cause },
    )
  }
}
