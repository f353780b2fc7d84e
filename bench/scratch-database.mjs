import pg from 'pg'

const source = (path) => import(new URL(`../dist/src/${path}.js`, import.meta.url).href)

/** Runs `work` on a migrated database of its own, which is gone afterwards. @param work given what `openDatabase` opened, and its URL */
export async function inScratchDatabase(databaseUrl, purpose, work) {
  const name = `bauta_bench_${purpose}_${process.pid}`
  const admin = new pg.Client({ connectionString: databaseUrl })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  try {
    const url = new URL(databaseUrl)
    url.pathname = `/${name}`
    const { openDatabase } = await source('outbound/postgres/connect')
    const { migrate } = await source('outbound/postgres/migrate')
    const opened = await openDatabase({ url: url.href, dataDir: '' })
    try {
      await migrate(opened.dataSource)
      return await work(opened, url.href)
    } finally {
      await opened.close()
    }
  } finally {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.end()
  }
}
