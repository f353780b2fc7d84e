import type { Change } from '../../src/domain/profiles/change-feed.ts'
import { PostgresChangeFeed } from '../../src/outbound/postgres/change-feed.ts'
import type { Queryable } from '../../src/outbound/postgres/database.ts'
import type { FreshDatabase } from './fresh-database.ts'
import { person } from './stored-profiles.ts'

export async function change(on: Queryable, key: string): Promise<void> {
  await on.query(`INSERT INTO change (kind, subject_id, key) VALUES ('segment', $1, $2)`, [
    person(1),
    key,
  ])
}

/** Keys in the order heard; waits until the last one arrived. */
export function hearing(feed: PostgresChangeFeed) {
  const changes: Change[] = []
  const unsubscribe = feed.subscribe((heard) => changes.push(...heard))
  const until = async (key: string) => {
    while (!changes.some((one) => one.key === key))
      await new Promise((resolve) => setTimeout(resolve, 20))
    return changes.map((one) => one.key)
  }
  return { changes, until, unsubscribe }
}

export function changeFeedContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`the change feed on ${adapter}`, () => {
    let db: FreshDatabase
    let feed: PostgresChangeFeed
    const open: (() => void)[] = []
    const listen = () => {
      const heard = hearing(feed)
      open.push(heard.unsubscribe)
      return heard
    }

    beforeAll(async () => {
      db = await fresh()
    })
    beforeEach(async () => {
      await db.database.query('TRUNCATE change')
      feed = new PostgresChangeFeed(db.database)
    })
    afterEach(() => {
      for (const unsubscribe of open.splice(0)) unsubscribe()
    })
    afterAll(async () => {
      await db.drop()
    })

    test('tells each listener of every change after its subscription, and of none long before', async () => {
      await change(db.database, 'before')
      await db.database.query(`UPDATE change SET changed_at = now() - interval '1 minute'`)
      const one = listen()
      open.push(
        feed.subscribe(() => {
          throw new Error('a faulty listener')
        }),
      )
      const two = listen()
      for (let n = 0; n < 5; n++) await change(db.database, `after-${n}`)
      expect(await one.until('after-4')).toEqual([0, 1, 2, 3, 4].map((n) => `after-${n}`))
      expect(await two.until('after-4')).toHaveLength(5)
      expect(one.changes[0]).toEqual({
        sequence: expect.any(Number),
        kind: 'segment',
        subjectId: person(1),
        key: 'after-0',
      })
      await change(db.database, 'later')
      expect(await one.until('later')).toHaveLength(6)
    })

    test('tells of bursts larger than one portion, each change once', async () => {
      const one = listen()
      await db.database.query(
        `INSERT INTO change (kind, subject_id, key) SELECT 'segment', $1, n::text FROM generate_series(1, 2500) n`,
        [person(1)],
      )
      await one.until('2500')
      await change(db.database, 'last')
      expect(new Set(await one.until('last')).size).toBe(2501)
      expect(one.changes).toHaveLength(2501)
    })

    test('asks the database nothing while nobody listens', async () => {
      const one = listen()
      await change(db.database, 'x')
      await one.until('x')
      one.unsubscribe()
      await change(db.database, 'y')
      const quiet = db.statements.length
      await new Promise((resolve) => setTimeout(resolve, 700))
      expect(db.statements.length - quiet).toBeLessThanOrEqual(1)
      expect(one.changes.map(({ key }) => key)).toEqual(['x'])
    })

    test('goes on after the table was out of reach', async () => {
      const one = listen()
      await change(db.database, 'first')
      await one.until('first')
      await db.database.query('ALTER TABLE change RENAME TO change_away')
      await new Promise((resolve) => setTimeout(resolve, 600))
      await db.database.query('ALTER TABLE change_away RENAME TO change')
      await change(db.database, 'second')
      expect(await one.until('second')).toEqual(['first', 'second'])
    })

    test('is woken as often as somebody likes, and tells of every change once', async () => {
      feed.wake()
      const one = listen()
      for (let n = 0; n < 30; n++) {
        for (let times = 0; times < 3; times++) feed.wake()
        await change(db.database, `woken-${n}`)
        feed.wake()
      }
      await one.until('woken-29')
      expect(one.changes).toHaveLength(30)
      one.unsubscribe()
      feed.wake()
    })

    test('a commit that has changed something says so; what was rolled back or has changed nothing does not', async () => {
      let said = 0
      db.database.whenChanged(() => {
        said += 1
      })
      await db.database.transaction(async (tx) => {
        await change(tx, 'one')
        await change(tx, 'two')
        expect(said).toBe(0)
      })
      expect(said).toBe(1)
      await db.database.transaction(async (tx) => await tx.query('SELECT FROM change'))
      const failing = db.database.transaction(async (tx) => {
        await change(tx, 'three')
        throw new Error('taken back')
      })
      await expect(failing).rejects.toThrow('taken back')
      expect(said).toBe(1)
      db.database.whenChanged(() => {})
    })

    test('forgets what is old when told to', async () => {
      await change(db.database, 'old')
      await db.database.query(`UPDATE change SET changed_at = to_timestamp(1000)`)
      await change(db.database, 'new')
      expect(await feed.discardBefore(2_000_000)).toBe(1)
      expect(await db.database.query('SELECT key FROM change')).toEqual([{ key: 'new' }])
    })
  })
}
