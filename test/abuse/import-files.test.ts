import { open } from '../../src/domain/privacy/seal.ts'
import { ImportRun } from '../inbound/cli/import-run.ts'

const SECRET = 'mallory@evil.example'

describe('files that no import should have to take', () => {
  let run: ImportRun
  beforeAll(async () => {
    run = await ImportRun.open()
  })
  afterAll(() => run.close())

  test('are taken row by row: each bad row waits in quarantine with its reason, all others are in', async () => {
    const good = (n: number) =>
      JSON.stringify({ crmId: `good-${n}`, name: `Good ${n}`, plan: 'pro' })
    const bad: readonly [row: string | Buffer, reason: string][] = [
      ['{"crmId":"b1","name":', 'is not a JSON object'],
      ['[]', 'is not a JSON object'],
      [
        `{"crmId":"b2","email":"${SECRET} "," birthDate":1,"birthDate":"1985-02-30"}`,
        'trait birthDate is not a calendar date',
      ],
      ['{"crmId":"b3","name":{"$gt":""}}', 'trait name is not text'],
      [
        '{"crmId":"b4","name":"=HYPERLINK(\\"http://evil\\")"}',
        'trait name begins like a spreadsheet formula',
      ],
      [`{"crmId":"b5","address":"${'x'.repeat(10 * 1024 * 1024)}"}`, 'is longer than 1 MB'],
      [
        `{"crmId":"b6","address":"${'x'.repeat(10_000)}"}`,
        'trait address is longer than 4096 characters',
      ],
      [Buffer.from('{"crmId":"b7","name":"Zo\xeb"}', 'latin1'), 'is not text in the encoding'],
      ['{"crmId":"b8","name":"nul \\u0000 byte"}', 'can not be kept'],
      ['{"crmId":"b9","name":"half \\ud83d pair"}', 'can not be kept'],
      ['{"name":"Nobody"}', 'no identifier that names somebody'],
      ['{"crmId":"null","email":"","name":"Nobody"}', 'no identifier that names somebody'],
      ['{"crmId":"b10","email":"not an address"}', 'trait email is not an e-mail address'],
      ['{"crmId":"b11","country":"Atlantis"}', 'trait country is not a country'],
      ['{"crmId":"b12","observedAt":"2999-01-01"}', 'observedAt lies in the future'],
      ['{"crmId":"__proto__"}', 'identifier crmId is a reserved word'],
      [
        `{"type":"profile","recordKey":"b13","identifiers":[{"kind":"crmId","value":"b13"}],"traits":{},"${SECRET}":1}`,
        'has a field that is not known',
      ],
      [
        '{"type":"profile","recordKey":"b14","identifiers":[{"kind":"shoeSize","value":"44"}],"traits":{}}',
        'is of a kind that is not known',
      ],
      [
        `{"type":"profile","recordKey":"b15","identifiers":[{"kind":"crmId","value":"b15"}],"traits":{"deep":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
        'nesting',
      ],
    ]
    const lines = bad.flatMap(([row], n) => [good(n), row])
    const file = Buffer.concat(
      lines.flatMap((line) => [
        Buffer.isBuffer(line) ? line : Buffer.from(line),
        Buffer.from('\n'),
      ]),
    )
    const report = await run.bauta(['customers', await run.file('hostile.ndjson', file)])
    expect(ImportRun.countsIn(report)).toEqual([bad.length * 2, bad.length, bad.length, 0])
    const rows = await run.house.database.query<{
      id: string
      row_number: string
      reasons: string[]
      payload: Buffer
    }>('SELECT id, row_number, reasons, payload FROM quarantine ORDER BY row_number')
    expect(rows.map(({ row_number }) => Number(row_number))).toEqual(bad.map((_, n) => n * 2 + 2))
    for (const [n, [, reason]] of bad.entries()) expect(rows[n]?.reasons.join()).toContain(reason)
    expect(report + JSON.stringify(rows.map(({ reasons }) => reasons))).not.toContain(SECRET)
    for (const n of bad.keys())
      expect((await run.house.rowOf({ kind: 'crmId', value: `good-${n}` }))?.account).toEqual({
        plan: 'pro',
      })
    const kept = rows[2]
    const key = run.house.keys.installationKey('quarantine')
    const payload = kept && open(key, ['quarantine', kept.id], kept.payload).toString('utf8')
    expect(payload).toContain(SECRET)
  })

  test('with the same id again and again are taken once', async () => {
    const line = '{"messageId":"same","userId":"dup","name":"Seen"}'
    const report = await run.bauta([
      'events',
      await run.file('same.ndjson', `${line}\n`.repeat(2_500)),
      '--source',
      'api',
    ])
    expect(ImportRun.countsIn(report)).toEqual([2_500, 1, 0, 2_499])
    const row = await run.house.rowOf({ kind: 'userId', value: 'dup' })
    expect(row?.activity.eventCounts).toEqual({ Seen: 1 })
  })

  test('cannot smuggle keys of objects into the counters', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    const lines = names.map((name, n) =>
      JSON.stringify({ messageId: `p${n}`, userId: 'proto', name, itemId: name, orderId: name }),
    )
    const report = await run.bauta([
      'events',
      await run.file('proto.ndjson', lines.join('\n')),
      '--source',
      'api',
    ])
    expect(ImportRun.countsIn(report)).toEqual([4, 3, 1, 0])
    const row = await run.house.rowOf({ kind: 'userId', value: 'proto' })
    expect(row?.activity.eventCounts).toEqual({ constructor: 1, toString: 1, hasOwnProperty: 1 })
  })

  test('leave no e-mail, phone or key of a record in plain anywhere in the database', async () => {
    const person = {
      crmId: 'crm-secret-77',
      recordKey: 'record-secret-77',
      email: 'secret77@example.com',
      phone: '+4930777777',
      name: 'Secret Seventyseven',
      shoeSize: 'secret-shoe-77',
    }
    const path = await run.file('secret.ndjson', JSON.stringify(person))
    await run.bauta(['customers', path, '--source', 'crm', '--map', 'shoeSize=shoeSize'])
    await run.bauta([
      'events',
      await run.file(
        'secret-event.ndjson',
        JSON.stringify({ ...person, messageId: 'e77', name: 'Seen', note: 'secret-note-77' }),
      ),
      '--source',
      'api',
      '--map',
      'note=note',
    ])
    const tables = await run.house.database.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    )
    let everything = ''
    for (const { name } of tables) {
      const rows = await run.house.database.query<{ text: string }>(
        `SELECT t::text AS text FROM ${name} t`,
      )
      everything += rows.map(({ text }) => text).join('\n')
    }
    expect(everything).toContain('Seen')
    for (const secret of [
      'crm-secret-77',
      'record-secret-77',
      'secret77',
      '777777',
      'Seventyseven',
      'secret-shoe',
      'secret-note',
    ])
      expect([secret, everything.includes(secret)]).toEqual([secret, false])
  })
})
