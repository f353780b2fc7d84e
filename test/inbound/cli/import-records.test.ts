import fc from 'fast-check'
import { MOST_LINE_BYTES, readLines } from '../../../src/inbound/cli/import-lines.ts'
import {
  CsvReader,
  decoderOf,
  type FileRecord,
  NdjsonReader,
  type RecordReader,
} from '../../../src/inbound/cli/import-records.ts'

async function readAll(
  reader: RecordReader,
  text: string | Buffer,
  piece = 7,
): Promise<FileRecord[]> {
  const bytes = Buffer.from(text as string)
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece)
  }
  const records: FileRecord[] = []
  for await (const lines of readLines(pieces())) records.push(...reader.read(lines))
  return [...records, ...reader.end()]
}
const csv = (delimiter = ',', columns: readonly string[] | null = null) =>
  new CsvReader(decoderOf('utf-8'), { delimiter, columns })
const fieldsOf = (records: readonly FileRecord[]) =>
  records.map((one) => ('fields' in one ? Object.values(one.fields) : one.malformed))
const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`

describe('reading CSV', () => {
  test('gives back any fields, wherever the pieces of the stream end', async () => {
    const value = fc.string({
      unit: fc.constantFrom('a', 'é', '€', '😀', '"', ',', '\n', ' '),
      maxLength: 6,
    })
    const table = fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (rows, piece, crlf) => {
          const end = crlf ? '\r\n' : '\n'
          const text = [['x', 'y', 'z'], ...rows]
            .map((row) => row.map(quoted).join(',') + end)
            .join('')
          const records = await readAll(csv(), text, piece)
          expect(fieldsOf(records)).toEqual(rows)
          expect(records.map(({ rowNumber }) => rowNumber)).toEqual(
            rows.map((_, index) => index + 1),
          )
        },
      ),
    )
  })

  test('loses one row to one bad row, and numbers all of them', async () => {
    const text = [
      'id,name',
      '1,good',
      '2,"never closed',
      '3,good',
      '4,too,many',
      '5',
      '',
      '6,"a ""quoted"" word"',
      '7,5" disk',
      '8,"two',
      'lines"',
      '9,last',
    ].join('\n')
    const records = await readAll(csv(), text)
    expect(fieldsOf(records)).toEqual([
      ['1', 'good'],
      'opens a quote that is not closed',
      ['3', 'good'],
      'has 3 columns instead of 2',
      'has 1 columns instead of 2',
      ['6', 'a "quoted" word'],
      ['7', '5" disk'],
      ['8', 'two\nlines'],
      ['9', 'last'],
    ])
  })

  test('names columns by the header, without byte order mark and blanks, or by what it was told', async () => {
    const [first] = await readAll(csv('\t'), '\uFEFF id \tname\n1\tx')
    expect(first).toEqual({ rowNumber: 1, fields: { id: '1', name: 'x' } })
    const [untitled] = await readAll(csv('\t', ['a', 'b']), '1\tx')
    expect(untitled).toEqual({ rowNumber: 1, fields: { a: '1', b: 'x' } })
  })

  test('sets aside bytes that are no text of the encoding, and lines too long to be held', async () => {
    const latin = Buffer.from('2,Zo\xeb\n', 'latin1')
    const long = Buffer.alloc(MOST_LINE_BYTES + 1, 'x')
    const file = Buffer.concat([Buffer.from('id,name\n1,a\n'), latin, long, Buffer.from('\n3,b\n')])
    expect(fieldsOf(await readAll(csv(), file, 100_000))).toEqual([
      ['1', 'a'],
      'is not text in the encoding of the file',
      'is longer than 1 MB',
      ['3', 'b'],
    ])
    const reader = new CsvReader(decoderOf('latin1'), { delimiter: ',', columns: null })
    expect(
      fieldsOf(await readAll(reader, Buffer.concat([Buffer.from('id,name\n'), latin]))),
    ).toEqual([['2', 'Zoë']])
  })
})

describe('reading NDJSON', () => {
  test('takes objects, and nothing else, one per line', async () => {
    const lines = ['{"a":1}', '', '[1]', '{"a":', 'null', '"text"', ' {"b":{"c":[]}} ']
    const records = await readAll(new NdjsonReader(decoderOf('utf-8')), lines.join('\n'))
    expect(records.map((one) => ('fields' in one ? one.fields : one.malformed))).toEqual([
      { a: 1 },
      'is not a JSON object',
      'is not a JSON object',
      'is not a JSON object',
      'is not a JSON object',
      { b: { c: [] } },
    ])
    expect(records.map(({ rowNumber }) => rowNumber)).toEqual([1, 2, 3, 4, 5, 6])
  })
})
