import { gzipSync } from 'node:zlib'
import { ImportRun } from './import-run.ts'

describe('bauta import', () => {
  let run: ImportRun
  beforeAll(async () => {
    run = await ImportRun.open()
  })
  afterAll(() => run.close())
  const { countsIn } = ImportRun
  const batchIn = (report: string) => /Batch (\S+)/.exec(report)?.[1] ?? ''

  test('takes an order file of a shop as it is, with columns mapped and a constant name', async () => {
    const path = await run.file(
      'orders.csv.gz',
      gzipSync(
        [
          'InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
          '536365,85123A,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
          '536365,71053,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom',
          'C536379,D,-1,2010-12-01 09:41:00,27.5,17850.0,United Kingdom',
          '536380,22961,24,2010-12-01 09:41:00,1.45,,United Kingdom',
        ].join('\n'),
      ),
    )
    const maps = {
      userId: 'CustomerID',
      itemId: 'StockCode',
      orderId: 'InvoiceNo',
      timestamp: 'InvoiceDate',
      quantity: 'Quantity',
      price: 'UnitPrice',
    }
    const words = Object.entries(maps).flatMap(([field, column]) => ['--map', `${field}=${column}`])
    const report = await run.bauta([
      'events',
      path,
      '--source',
      'shop',
      '--set',
      'name=Order Completed',
      ...words,
    ])
    expect(countsIn(report)).toEqual([4, 2, 2, 0])
    expect(report).toContain('1 × no identifier that names somebody')
    expect(report).toContain('1 × property quantity of an order must be above 0')
    expect(report).toContain('Columns not used (name them with --map): Country')
    const row = await run.house.rowOf({ kind: 'userId', value: '17850' })
    expect(row?.commerce).toMatchObject({ orderCount: 1, totalValue: 35.64 })
  })

  test('takes pairs without header, and a catalogue', async () => {
    const pairs = await run.file('pairs.tsv', '0\t10\n0\t11\n1\t10\n')
    const report = await run.bauta([
      'events',
      pairs,
      '--columns',
      'anonymousId,itemId',
      '--set',
      'name=Product Viewed',
      '--source',
      'movielens',
    ])
    // A device of nothing but zeros is what systems send for none; a table of users may begin with number 0.
    expect(countsIn(report)).toEqual([3, 1, 2, 0])
    const users = await run.file('users.tsv', '0\t10\n0\t11\n1\t10\nunknown\t10\n')
    const columns = ['--columns', 'userId,itemId', '--set', 'name=Product Viewed']
    const taken = await run.bauta(['events', users, ...columns, '--source', 'movielens'])
    expect(countsIn(taken)).toEqual([4, 3, 1, 0])
    const first = await run.house.rowOf({ kind: 'userId', value: '0' })
    expect(first?.activity).toMatchObject({ eventCounts: { 'Product Viewed': 2 } })
    const items = await run.file(
      'items.csv',
      'StockCode,Description,UnitPrice,colour\nA,Lamp,2.5,red\nA,Lamp,2.5,red\nA,Lamp II,3,red\n',
    )
    const catalogue = await run.bauta([
      'items',
      items,
      '--map',
      'id=StockCode',
      '--map',
      'title=Description',
      '--map',
      'price=UnitPrice',
      '--map',
      'colour=colour',
    ])
    expect(countsIn(catalogue)).toEqual([3, 2, 0, 1])
    expect(await run.house.database.query('SELECT id, title, price, attributes FROM item')).toEqual(
      [{ id: 'A', title: 'Lamp II', price: 3, attributes: { colour: 'red' } }],
    )
  })

  test('goes on where an interrupted file stopped, and takes no file twice', async () => {
    const rows = Array.from({ length: 2_500 }, (_, n) => `C${n},pro`)
    const path = await run.file('customers.csv', `crmId,plan\n${rows.join('\n')}\n`)
    const { ingest } = run.house
    const accept = jest.spyOn(ingest, 'accept')
    accept.mockImplementationOnce(ingest.accept.bind(ingest))
    accept.mockImplementationOnce(() => Promise.reject(new Error('power cut')))
    await expect(run.bauta(['customers', path])).rejects.toThrow('power cut')
    accept.mockRestore()
    expect(await run.bauta(['list'])).toMatch(/import\s+│ customers │ running/)
    const again = await run.bauta(['customers', path])
    expect(countsIn(again)).toEqual([2_500, 2_500, 0, 0])
    const third = await run.bauta(['customers', path])
    expect(third).toContain('taken in before')
    expect(countsIn(third)).toEqual([2_500, 2_500, 0, 0])
    expect(await run.house.count(`record WHERE batch_id = '${batchIn(again)}'`)).toBe(2_500)
  })

  test('takes a batch back once, after which the file can come again', async () => {
    const path = await run.file(
      'few.ndjson',
      '{"email":"few@example.com","name":"Few","updatedAt":"2026-01-01"}\n',
    )
    const report = await run.bauta(['customers', path, '--source', 'crm'])
    expect(await run.bauta(['undo', batchIn(report)])).toContain('1 rows of customers from crm')
    expect(await run.house.rowOf({ kind: 'email', value: 'few@example.com' })).toBeNull()
    await expect(run.bauta(['undo', batchIn(report)])).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(run.bauta(['undo', 'nonsense'])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    const again = await run.bauta(['customers', path, '--source', 'crm'])
    expect(countsIn(again)).toEqual([1, 1, 0, 0])
    expect(batchIn(again)).not.toBe(batchIn(report))
  })

  test('reads standard input, decisions with their categories, and identities', async () => {
    const identity = { userId: 'U1', providerSubject: 'google|1', identityProvider: 'google' }
    const told = await run.bauta(
      ['identities', '-', '--format', 'ndjson', '--source', 'identity'],
      [Buffer.from(JSON.stringify(identity))],
    )
    expect(countsIn(told)).toEqual([1, 1, 0, 0])
    const path = await run.file(
      'consents.csv',
      'userId,purpose,state,categories,effectiveAt\nU1,MARKETING,ConsentGiven,user.name user.contact,2026-01-01\n',
    )
    expect(countsIn(await run.bauta(['consents', path, '--source', 'crm']))).toEqual([1, 1, 0, 0])
    const row = await run.house.rowOf({ kind: 'userId', value: 'U1' })
    expect(row?.state).toContain('MARKETING=ConsentGiven[user.contact user.name]')
    expect(row && run.house.vaultOf(row)).toMatchObject({
      identityProvider: 'google',
      userId: 'U1',
    })
  })

  test('says what is wrong with what it was asked, before anything is taken', async () => {
    const path = await run.file('x.csv', 'crmId\nX\n')
    await expect(run.bauta(['customers', path, '--source', 'nowhere'])).rejects.toMatchObject({
      message: expect.stringContaining('Known sources: crm'),
    })
    await expect(run.bauta(['customers', `${path}.missing`])).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    })
    await expect(run.bauta(['customers', path, '--encoding', 'klingon'])).rejects.toThrow(
      'utf-8 or latin1',
    )
    await expect(run.bauta(['customers', path, '--map', 'nonsense'])).rejects.toThrow('name=value')
  })

  test('keeps what came before a gzip breaks off, and says that it did', async () => {
    const rows = Array.from({ length: 5_000 }, (_, n) => `G${n},${Math.sin(n)}`)
    const packed = gzipSync(`crmId,city\n${rows.join('\n')}\n`)
    const path = await run.file('broken.csv.gz', packed.subarray(0, packed.length - 2_000))
    await expect(run.bauta(['customers', path])).rejects.toThrow('no complete gzip')
    expect(await run.house.rowOf({ kind: 'crmId', value: 'G0' })).not.toBeNull()
  })
})
